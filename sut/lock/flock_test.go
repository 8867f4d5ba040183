package lock_test

import (
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Scripts have no words for converting what is held, nor for the data that it
// guards: these tests begin such operations between the lines of one.

func TestFlockUpgradeConverts(t *testing.T) {
	r := scripted(t, "flock-upgrade", `
acquire shared
open("l", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<A>
flock(3, LOCK_SH) = 0
acquired`)
	convert := func(shared bool) func(p *sys.Proc) string {
		return func(p *sys.Proc) string {
			return outcome("converted", r.held.(lock.Converter).Convert(p, lock.How{Shared: shared}))
		}
	}
	r.operation(convert(false), `
flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN
busy: flock l: resource temporarily unavailable`)
	r.operation(convert(false), `
flock(3, LOCK_EX|LOCK_NB) = 0
converted`)
	r.operation(convert(true), `
flock(3, LOCK_SH|LOCK_NB) = 0
converted`)
	r.lines(`
release
flock(3, LOCK_UN) = 0
close(3) = 0
released`)
}

func TestFlockDataCommitsWhatIsWritten(t *testing.T) {
	r := scripted(t, "flock-data", `
acquire
open("l", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<A>
flock(3, LOCK_EX) = 0
acquired`)
	read := func(p *sys.Proc) string {
		data, err := r.held.(lock.Guard).Read(p)
		return outcome(data, err)
	}
	r.operation(read, `
read(3) = "7"
7`)
	r.operation(func(p *sys.Proc) string {
		return outcome("written", r.held.(lock.Guard).Write(p, "8"))
	}, `
written`)
	r.operation(read, `
8`)
	r.lines(`
release
getpid() = p1
open("l.p1", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = 4<B>
write(4, "8") = 1
close(4) = 0
renameat2("l.p1", "l", 0) = 0
close(3) = 0
released`)
}

// scripted returns the run of a script that goes on.
func scripted(t *testing.T, name, text string) *run {
	t.Helper()
	e, err := lock.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{process: process{t: t}, entry: e}
	r.lines(text)
	return r
}

// operation begins one that these are the calls and the outcome of.
func (r *run) operation(body func(*sys.Proc) string, text string) {
	r.t.Helper()
	if err := r.begin(body); err != nil {
		r.t.Fatal(err)
	}
	r.lines(text)
}

func (r *run) lines(text string) {
	r.t.Helper()
	for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
		if err := r.do(l); err != nil {
			r.t.Fatalf("%s: %v", l, err)
		}
	}
}
