package digest

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ghostlock/ghostlock/sut/lock"
)

func TestEveryLockHasADigestOfItsOwn(t *testing.T) {
	l, err := ReadLocks()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, e := range lock.All() {
		d, err := l.Of(e)
		if err != nil {
			t.Error(err)
		}
		if other := seen[d]; other != "" {
			t.Errorf("%s and %s have the digest %s", e.Name, other, d)
		}
		seen[d] = e.Name
	}
}

// two is a package of two locks, one of which uses a helper through a method.
const two = `package lock
var registry = []Entry{
	{Name: "one", New: func(Config) Lock { return one{} }},
	{Name: "other", New: func(Config) Lock { return other{} }},
}
type one struct{}
func (one) Acquire() { helper() }
func helper() { deep() }
func deep() { _ = 1 }
type other struct{}
func (other) Acquire() { _ = 2 }
`

func TestALocksDigestIsOfWhatItsCodeReaches(t *testing.T) {
	digests := func(source string) (one, other string) {
		t.Helper()
		l, err := readLocks(fstest.MapFS{"x.go": {Data: []byte(source)}, "x_test.go": {Data: []byte("no Go")}})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, name := range []string{"one", "other"} {
			d, err := l.Of(lock.Entry{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, d)
		}
		return all[0], all[1]
	}
	one, other := digests(two)
	for change, wanted := range map[[2]string][2]bool{
		{"_ = 1", "_ = 3"}:                                  {true, false},
		{"_ = 2", "_ = 3"}:                                  {false, true},
		{"return other{}", "return &other{}"}:               {false, true},
		{"type other struct{}", "type other struct{ int }"}: {false, true},
	} {
		one2, other2 := digests(strings.Replace(two, change[0], change[1], 1))
		if (one2 != one) != wanted[0] || (other2 != other) != wanted[1] {
			t.Errorf("%v: found the digests changed: %t, %t, wanted %v", change, one2 != one, other2 != other, wanted)
		}
	}
}

func TestALockWithoutAnEntryIsAnError(t *testing.T) {
	l, err := ReadLocks()
	if err != nil {
		t.Fatal(err)
	}
	if d, err := l.Of(lock.Entry{Name: "nobody's"}); err == nil || d != "" {
		t.Errorf("found %q, %v", d, err)
	}
}

func TestTheEngineHasADigest(t *testing.T) {
	d, err := Engine()
	if again, _ := Engine(); err != nil || len(d) != length || d != again {
		t.Errorf("found %q, %v", d, err)
	}
	if Of("a", "bc") == Of("ab", "c") {
		t.Error("found one digest of different texts")
	}
}
