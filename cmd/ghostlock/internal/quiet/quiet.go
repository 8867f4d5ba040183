// Package quiet takes rapid's environment variables out of the program's
// environment before rapid sees them.
//
// Rapid reads RAPID_CHECKS and its like in its init and panics at one that it
// cannot read. They are for tests; a command must not die of them.
//
// It works because of the order in which Go initialises packages: of those
// whose imports are initialised, always the one whose import path sorts first
// (https://go.dev/ref/spec#Package_initialization, since Go 1.21). What this
// package imports, rapid imports as well, so by the time that rapid could be
// initialised this one could be, too; and github.com/ghostlock/... sorts before
// pgregory.net/rapid. So import nothing here that rapid does not.
package quiet

import (
	"os"
	"strings"
)

func init() {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "RAPID_") {
			_ = os.Unsetenv(name)
		}
	}
}
