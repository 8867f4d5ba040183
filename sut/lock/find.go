package lock

import (
	"fmt"
	"strings"
)

// Find returns the lock of that name. The error for a name that no lock has
// tells the names nearest to it, if there are some.
func Find(name string) (Entry, error) {
	for _, e := range registry {
		if e.Name == name {
			return e, nil
		}
	}
	near := nearest(name)
	switch {
	case len(near) == 0:
		return Entry{}, fmt.Errorf("found lock %q, wanted one of the %d on the list", name, len(registry))
	case len(near) == 1:
		return Entry{}, fmt.Errorf("found lock %q, wanted perhaps %s", name, near[0])
	}
	return Entry{}, fmt.Errorf("found lock %q, wanted one of %s", name, strings.Join(near, ", "))
}

// nearest returns the names of the locks that take the fewest edits to get to.
// A name of which less than half would stay is near to none.
func nearest(name string) []string {
	var near []string
	fewest := len(name) / 2
	for _, e := range registry {
		switch d := edits(name, e.Name); {
		case d < fewest:
			fewest, near = d, []string{e.Name}
		case d == fewest:
			near = append(near, e.Name)
		}
	}
	return near
}

// edits counts the bytes to insert, delete or replace to make b of a: the
// Levenshtein distance.
func edits(a, b string) int {
	// row[j] is the distance from the part of a that was read to b[:j].
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
