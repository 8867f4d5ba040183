// Package digest tells versions apart: of a lock, and of the engine that judges
// it.
//
// A digest is a short text that is the same as long as the source is, tests left
// out. That of a lock covers what its code can reach in package lock, declaration
// by declaration, and its entry: another lock's change leaves it as it is. That of
// the engine covers the packages that have a say in a verdict.
package digest

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"slices"
	"strings"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// length is how much of a hash a digest is: enough that two differ.
const length = 16

// Engine returns the digest of the packages that have a say in a verdict.
func Engine() (string, error) {
	h := sha256.New()
	for _, source := range []embed.FS{
		history.Source, model.Source, sys.Source, sim.Source,
		trial.Source, interleave.Source, explore.Source, search.Source,
	} {
		if err := eachFile(source, func(name string, text []byte) { add(h, name, text) }); err != nil {
			return "", err
		}
	}
	return sum(h), nil
}

// eachFile calls do with every file that is no test.
func eachFile(source fs.FS, do func(name string, text []byte)) error {
	names, err := fs.Glob(source, "*.go")
	if err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(source, name)
		if err != nil {
			return fmt.Errorf("digest: %w", err)
		}
		do(name, text)
	}
	return nil
}

// Of returns the digest of the texts, in their order.
func Of(texts ...string) string {
	h := sha256.New()
	for _, t := range texts {
		add(h, "", []byte(t))
	}
	return sum(h)
}

// add tells where one text ends and the next begins.
func add(h hash.Hash, name string, text []byte) {
	fmt.Fprintf(h, "%s %d\n", name, len(text))
	h.Write(text)
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil))[:length] }

func sorted(set map[string]bool) []string {
	var all []string
	for s := range set {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}
