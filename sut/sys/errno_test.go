package sys_test

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// every error that has a symbol.
func named() []sys.Errno {
	var all []sys.Errno
	for n := 1; n < 256; n++ {
		if e := sys.Errno(n); !strings.HasPrefix(e.Name(), "E#") {
			all = append(all, e)
		}
	}
	return all
}

func TestErrnosMatchPortableErrorsAsSyscallsDo(t *testing.T) {
	for n := 1; n < 256; n++ {
		for _, portable := range []error{fs.ErrExist, fs.ErrNotExist, fs.ErrPermission} {
			found, wanted := errors.Is(sys.Errno(n), portable), errors.Is(syscall.Errno(n), portable)
			if found != wanted {
				t.Errorf("errors.Is(%s, %v): found %v, wanted %v", sys.Errno(n).Name(), portable, found, wanted)
			}
		}
	}
	if errors.Is(sys.ENOENT, sys.EIO) || !errors.Is(sys.EAGAIN, sys.EWOULDBLOCK) {
		t.Error("an errno is itself alone")
	}
}

func TestErrnosReadAsSyscallsDo(t *testing.T) {
	if len(named()) != 31 {
		t.Errorf("found %d errors, wanted 31", len(named()))
	}
	for _, e := range named() {
		if e == sys.EOPNOTSUP {
			continue // ENOTSUP to syscall
		}
		if found, wanted := e.Error(), syscall.Errno(e).Error(); found != wanted {
			t.Errorf("%s: found %q, wanted %q", e.Name(), found, wanted)
		}
	}
}

func TestErrnosHaveNames(t *testing.T) {
	for n := 1; n < 256; n++ {
		e, ok := sys.ErrnoByName(sys.Errno(n).Name())
		if !ok || e != sys.Errno(n) {
			t.Errorf("%s: found %d, wanted %d", sys.Errno(n).Name(), e, n)
		}
	}
	if name, text := sys.Errno(77).Name(), sys.Errno(77).Error(); name != "E#77" || text != "errno 77" {
		t.Errorf("found %s, %s", name, text)
	}
	for _, name := range []string{"", "enoent", "E#0", "E#256", "E#-1", "E#2", "E#077", "EWOULDBLOCK"} {
		if e, ok := sys.ErrnoByName(name); ok {
			t.Errorf("%q: found %s, wanted none", name, e.Name())
		}
	}
}
