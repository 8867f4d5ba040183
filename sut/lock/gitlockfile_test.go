package lock_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// What is written under git's lock; the scripts in testdata, which know no
// writes, have the rest.
func TestGitLockfileGuards(t *testing.T) {
	entry, err := lock.Find("git-lockfile")
	if err != nil {
		t.Fatal(err)
	}
	const acquire = `
acquire
open("l", O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC, 0666) = 3<A>
acquired
`
	const read = `
read
load("l.data") = "0"
read 0
`
	const write = `
write 1
write(3, "1") = 1
written
`
	for _, test := range []struct{ name, script string }{
		{"commit_lock_file", acquire + read + write + `
release
close(3) = 0
renameat2("l", "l.data", 0) = 0
released`},
		{"reads what it has written, and begins anew", acquire + write + `
read
read 1
write 2
close(3) = 0
open("l", O_WRONLY|O_TRUNC) = 3<A>
write(3, "2") = 1
written
release
close(3) = 0
renameat2("l", "l.data", 0) = 0
released`},
		{"a write fails: rollback", acquire + `
write 1
write(3, "1") = -1 ENOSPC
error: write l: no space left on device
release
close(3) = 0
unlink("l") = 0
released`},
		{"it cannot begin anew: rollback, with nothing left to close", acquire + write + `
write 2
close(3) = -1 EIO
error: close l: input/output error
release
unlink("l") = 0
released`},
		{"the lock file is gone: rollback", acquire + write + `
write 2
close(3) = 0
open("l", O_WRONLY|O_TRUNC) = -1 ENOENT
error: open l: no such file or directory
release
unlink("l") = -1 ENOENT
released`},
		{"close fails: nothing is renamed", acquire + write + `
release
close(3) = -1 EIO
unlink("l") = 0
error: close l: input/output error`},
		{"rename fails", acquire + write + `
release
close(3) = 0
renameat2("l", "l.data", 0) = -1 EIO
unlink("l") = 0
error: renameat2 l: input/output error`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &run{process: process{t: t}, entry: entry}
			for _, l := range strings.Split(test.script, "\n") {
				if err := doGuarded(r, l); err != nil {
					t.Fatalf("%s: %v", l, err)
				}
			}
			if err := r.allAtEnd(); err != nil || !r.ended {
				t.Errorf("after the last line: ended %v, %v", r.ended, err)
			}
		})
	}
}

// doGuarded knows two lines more than scripts: "read", which ends with "read"
// and the data, and "write" and the data, which ends with "written".
func doGuarded(r *run, text string) error {
	guard, _ := r.held.(lock.Guard)
	data, writes := strings.CutPrefix(text, "write ")
	switch {
	case text == "":
		return nil
	case text == "read":
		return r.begin(func(p *sys.Proc) string {
			data, err := guard.Read(p)
			return outcome(fmt.Sprint("read ", data), err)
		})
	case writes:
		return r.begin(func(p *sys.Proc) string { return outcome("written", guard.Write(p, data)) })
	}
	return r.do(text)
}
