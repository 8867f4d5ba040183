package trial

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A Command is a program and its arguments, as execvp(3) takes them. In each of
// them {dir} stands for the trial's directory, {lock} for the lock file's path
// and {id} for the number of the client's process.
type Command []string

// String writes the words with blanks between them, in quotes where they need it.
func (c Command) String() string {
	words := make([]string, len(c))
	for i, w := range c {
		words[i] = w
		if w == "" || strings.ContainsFunc(w, func(r rune) bool { return unicode.IsSpace(r) || r == '"' || !unicode.IsPrint(r) }) {
			words[i] = strconv.Quote(w)
		}
	}
	return strings.Join(words, " ")
}

// ParseCommand reads what String writes.
func ParseCommand(text string) (Command, error) {
	var c Command
	for rest := strings.TrimLeft(text, " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		word := rest
		if i := strings.IndexByte(rest, ' '); i >= 0 {
			word = rest[:i]
		}
		if rest[0] == '"' {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, fmt.Errorf("found %q, wanted a closing quote", rest)
			}
			word = quoted
		}
		rest = rest[len(word):]
		if word[0] == '"' {
			word, _ = strconv.Unquote(word)
		}
		c = append(c, word)
	}
	if len(c) == 0 {
		return nil, fmt.Errorf("found no program, wanted one and its arguments")
	}
	return c, nil
}

// In returns the command with the names replaced by what they stand for.
func (c Command) In(dir string, proc int) Command {
	names := strings.NewReplacer("{dir}", dir, "{lock}", dir+"/"+Path, "{id}", strconv.Itoa(proc))
	out := make(Command, len(c))
	for i, w := range c {
		out[i] = names.Replace(w)
	}
	return out
}

func (c Command) validate(cl Client) error {
	switch {
	case len(c) == 0 || c[0] == "":
		return fmt.Errorf("%s: found no program, wanted one and its arguments", cl.Name())
	case cl.Letter != "" || cl.Work != nil:
		return fmt.Errorf("%s: found a program in a process with others, or with a workload, wanted it alone", cl.Name())
	}
	return nil
}

func formatActors(c *Case) string {
	var b strings.Builder
	for _, cl := range c.Trial.Clients {
		fmt.Fprintf(&b, "%s: %s\n", cl.Name(), cl.Program)
	}
	return b.String()
}

func parseActor(c *Case, line string) error {
	name, text, _ := strings.Cut(line, ": ")
	cl := Client{Proc: len(c.Trial.Clients)}
	if cl.Proc >= maxClients || cl.Name() != name {
		return fmt.Errorf("found actor %q, wanted %s, a colon and its command", name, cl.Name())
	}
	var err error
	cl.Program, err = ParseCommand(text)
	if err == nil && cl.Program.String() != text {
		err = fmt.Errorf("found %q, wanted it written %q", text, cl.Program)
	}
	c.Trial.Clients = append(c.Trial.Clients, cl)
	return err
}

// parseCall returns what reads the calls of the case's schedule.
func (c *Case) parseCall() func(string) (sys.Call, error) {
	if c.programs {
		return sys.ParseForeign
	}
	return sys.ParseCall
}
