package scene

import (
	"fmt"
	"slices"
)

// A Shape is how many clients there are and how often each acquires.
type Shape struct {
	Clients, Acquires int
	Threads           int // of the clients, so many share the first process; 0: none do

	// Where holders work for a while, all but the first client come a second
	// before the first one's work is done: what it holds is old then.
	Late bool
}

// Shapes returns what is explored unless somebody says otherwise: the least that
// the known flaws of file locks need. Those that unlink on release need two
// acquires each or a third client, record locks two threads and another process.
func Shapes() []Shape {
	return []Shape{{Clients: 2, Acquires: 2}, {Clients: 3, Acquires: 1}, {Clients: 3, Acquires: 1, Threads: 2}}
}

// WithLate returns the shapes and each of them with clients that come late.
func WithLate(all []Shape) []Shape {
	all = slices.Clone(all)
	for _, s := range all {
		s.Late = true
		all = append(all, s)
	}
	return all
}

// String writes the shape for people: "2 clients, 2 acquires each".
func (s Shape) String() string {
	text := count(s.Clients, "client")
	if s.Threads > 1 {
		text += fmt.Sprintf(" (%d of them threads of one process)", s.Threads)
	}
	text = fmt.Sprintf("%s, %s each", text, count(s.Acquires, "acquire"))
	if s.Late {
		text += ", all but the first come late"
	}
	return text
}

// count writes a number of things.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
