package interleave_test

import (
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
)

// What a step touches is told by what came of it. The steps before the last two
// say how things stand.
func TestConflictsAreToldByOutcomes(t *testing.T) {
	for _, c := range []struct {
		conflict bool
		steps    string
	}{
		// Names.
		{false, `p0 open("l", O_RDWR|O_CREAT, 0600) = 3<A>; p1 open("l", O_RDWR) = 3<A>`},
		{true, `p0 open("l", O_RDWR|O_TRUNC) = 3<A>; p1 stat("l") = {A, size=0, nlink=1, mtime=@0s}`},
		{false, `p0 open("m", O_RDWR|O_CREAT, 0600) = 3<B>; p1 open("l", O_RDWR) = 3<A>`},
		{false, `p0 open("m", O_RDWR|O_CREAT, 0600) = 3<B>; p1 open("n", O_RDWR|O_CREAT, 0600) = 3<C>`},
		{true, `p0 open("m", O_RDWR|O_CREAT, 0600) = 3<B>; p1 open("m", O_RDWR|O_CREAT, 0600) = 3<B>`},
		{false, `p0 open("l", O_RDWR|O_CREAT|O_EXCL, 0600) = -1 EEXIST; p1 open("l", O_RDWR) = 3<A>`},
		{true, `p0 open("l", O_RDWR|O_CREAT|O_EXCL, 0600) = -1 EEXIST; p1 unlink("l") = 0`},
		{true, `p0 stat("m") = -1 ENOENT; p1 link("l", "m") = 0`},
		{false, `p0 unlink("m") = -1 ENOENT; p1 unlink("l") = 0`},
		{true, `p0 renameat2("l", "m", 0) = 0; p1 stat("m") = {A, size=0, nlink=1, mtime=@0s}`},
		{false, `p0 renameat2("n", "m", 0) = -1 ENOENT; p1 stat("m") = -1 ENOENT`},
		{true, `p0 open("l", O_RDWR) = -1 EACCES; p1 stat("m") = -1 ENOENT`},
		// Attributes.
		{true, `p0 open("l", O_RDWR) = 3<A>; p0 fstat(3) = {A, size=0, nlink=1, mtime=@0s}; p1 unlink("l") = 0`},
		{true, `p0 open("l", O_RDWR) = 3<A>; p0 fstat(3) = {A, size=0, nlink=1, mtime=@0s}; p1 link("l", "m") = 0`},
		{true, `p0 open("l", O_RDWR) = 3<A>; p1 open("l", O_RDWR) = 3<A>; p0 write(3, "x") = 1; p1 read(3) = "x"`},
		{false, `p0 open("l", O_RDWR) = 3<A>; p1 open("l", O_RDWR) = 3<A>; p0 read(3) = ""; p1 read(3) = ""`},
		{true, `p0 open("l", O_RDWR) = 3<A>; p0 read(3) = ""; p0.b read(3) = ""`},
		{true, `p0 open("l", O_RDWR) = 3<A>; p0 fchmod(3, 0000) = 0; p1 open("l", O_RDWR) = 3<A>`},
		// Directories.
		{true, `p0 mkdir("d", 0700) = 0; p1 mkdir("d", 0700) = -1 EEXIST`},
		{true, `p0 mkdir("d", 0700) = 0; p0 open("d/x", O_RDWR|O_CREAT, 0600) = 3<C>; p0 unlink("d/x") = 0; p1 rmdir("d") = -1 ENOTEMPTY`},
		{true, `p0 mkdir("d", 0700) = 0; p1 stat("d/x") = -1 ENOENT; p0 rmdir("d") = 0`},
		{true, `p0 mkdir("d", 0700) = 0; p1 open("d/x", O_RDWR|O_CREAT, 0600) = 3<C>; p0 stat("d") = {B, dir, size=0, nlink=0, mtime=@0s}`},
		{false, `p0 mkdir("d", 0700) = 0; p1 stat("d/x") = -1 ENOENT; p0 stat("d") = {B, dir, size=0, nlink=0, mtime=@0s}`},
		// Paths that could lead anywhere.
		{true, `p0 lstat("./l") = {A, size=0, nlink=1, mtime=@0s}; p1 stat("m") = -1 ENOENT`},
		{true, `p0 symlink("m", "s") = 0; p0 stat("m") = -1 ENOENT; p1 stat("l") = {A, size=0, nlink=1, mtime=@0s}`},
		// Locks.
		{false, twoOpen + `p0 flock(3, LOCK_SH) = 0; p1 flock(3, LOCK_SH) = 0`},
		{true, twoOpen + `p0 flock(3, LOCK_EX) = 0; p1 flock(3, LOCK_SH|LOCK_NB) = -1 EAGAIN`},
		{true, twoOpen + `p0 flock(3, LOCK_SH) = 0; p1 flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN`},
		{true, twoOpen + `p0 flock(3, LOCK_EX) = 0; p0 close(3) = 0; p1 flock(3, LOCK_EX) = 0`},
		{false, twoOpen + `p0 close(3) = 0; p1 flock(3, LOCK_EX) = 0`},
		{false, twoOpen + `p0 flock(3, LOCK_EX) = 0; p1 flock(3, LOCK_UN) = 0`},
		{false, twoOpen + `p0 flock(3, LOCK_EX) = 0; p0 flock(3, LOCK_EX) = 0; p1 flock(3, LOCK_EX|LOCK_NB) = -1 EAGAIN`},
		{true, twoOpen + `p0 flock(3, LOCK_SH) = 0; p1 flock(3, LOCK_SH) = 0; p0 flock(3, LOCK_EX) = ?; p1 flock(3, LOCK_EX) = 0`},
		{false, twoOpen + `p0 flock(3, LOCK_EX|LOCK_NB) = -1 ENOLCK (fault); p1 flock(3, LOCK_EX) = 0`},
		{true, twoOpen + `p0 flock(3, LOCK_EX) = -1 ENOLCK (fault); p1 flock(3, LOCK_EX) = 0`},
		{false, twoOpen + `p0 flock(3, LOCK_EX) = -1 EINTR (fault); p1 flock(3, LOCK_EX) = 0`},
		{true, twoOpen + `p0 flock(3, LOCK_EX) = 0; p0 close(3) = -1 EIO (fault); p1 flock(3, LOCK_EX) = 0`},
		{true, twoOpen + `p0 fcntl(3, F_SETLK, {F_WRLCK, start=0, len=0}) = 0; p1 fcntl(3, F_SETLK, {F_WRLCK, start=0, len=0}) = -1 EAGAIN`},
		{true, twoOpen + `p0 fcntl(3, F_SETLK, {F_WRLCK, start=0, len=0}) = 0; p0 close(3) = 0; p1 fcntl(3, F_SETLK, {F_WRLCK, start=0, len=0}) = 0`},
		// Descriptors, which are one process's.
		{true, `p0 open("l", O_RDWR) = 3<A>; p0.b open("l", O_RDWR) = 4<A>`},
		{true, `p0 close(3) = -1 EBADF; p0.b open("l", O_RDWR) = 3<A>`},
		{true, `p0 fstat(7) = {A, size=0, nlink=1, mtime=@0s}; p1 stat("m") = -1 ENOENT`},
		// Clocks and threads.
		{false, `p0 older(A.mtime, 30s) = no; p1 deadline(1s) = @1s`},
		{false, `p0 same(@0s, @0s) = yes; p1 unlink("l") = 0`},
		{true, `p0 cancel(#1) = 0; p0.b cancelled(1s) = yes`},
		{false, `p0 cancel(#2) = 0; p0.b cancelled(1s) = no`},
		{false, `p0 inside() = 0; p1 inside() = 0`},
		// Files in one step.
		{false, `p0 load("l") = "x"; p1 load("l") = "x"`},
		{true, `p0 load("l") = "x"; p1 store("l", "y") = 0`},
		{true, `p0 load("m") = ""; p1 store("m", "y") = 0`},
		{true, `p0 store("l", "x") = 0; p1 store("l", "y") = 0`},
		{false, `p0 store("l", "x") = 0; p1 load("m") = ""`},
		{true, `p0 utimes("l", 0s) = 0; p1 stat("l") = {A, size=0, nlink=1, mtime=@0s}`},
		{false, `p0 utimes("l", 0s) = 0; p1 stat("m") = -1 ENOENT`},
		{true, twoOpen + `p0 flock(3, LOCK_EX) = 0; p1 flock_held("l") = yes`},
		{false, twoOpen + `p0 fstat(3) = {A, size=0, nlink=1, mtime=@0s}; p1 flock_held("l") = no`},
		{true, twoOpen + `p0 fcntl(3, F_SETLK, {F_WRLCK, start=0, len=0}) = 0; p1 fcntl(3, F_SETLK, {F_WRLCK, start=0, len=0}) = -1 EAGAIN; p0 load("l") = ""`},
		// Processes and what they have in memory.
		{false, `p0 getpid() = p0; p1 alive(p0) = yes`},
		{true, `p0 swap("c", "1") = ""; p0.b swap("c", "2") = "1"`},
		{false, `p0 swap("c", "1") = ""; p1 swap("c", "2") = ""`},
		{false, `p0 swap("c", "1") = ""; p0.b swap("d", "2") = ""`},
		{true, `p0 mutex_unlock("m") = 0; p0.b mutex_lock("m") = 0`},
		{true, `p0 put("c", 3) = 0; p0.b get("c") = 3<A>`},
		{false, `p0 get("c") = 3<A>; p0.b get("c") = 3<A>`},
		{true, `p0 open("l", O_RDWR) = 3<A>; p0 close(3) = 0; p0.b get("c") = 3<?>`},
	} {
		if interleave.Conflict(parsed(t, c.steps), false) != c.conflict {
			t.Errorf("of %s the last two: found conflict %t", c.steps, !c.conflict)
		}
	}
}

const twoOpen = `p0 open("l", O_RDWR) = 3<A>; p1 open("l", O_RDWR) = 3<A>; `

// Where numbers of inodes are used again, it matters whether one became free
// before or after the next was given out.
func TestInodesThatAreUsedAgainAreInCommon(t *testing.T) {
	for _, text := range []string{
		`p0 open("m", O_RDWR|O_CREAT, 0600) = 3<B>; p1 open("n", O_RDWR|O_CREAT, 0600) = 3<C>`,
		`p0 unlink("l") = 0; p1 open("n", O_RDWR|O_CREAT, 0600) = 3<B>`,
		`p0 open("l", O_RDWR) = 3<A>; p1 unlink("l") = 0; p0 close(3) = 0; p1 open("n", O_RDWR|O_CREAT, 0600) = 3<B>`,
		twoOpen + `p1 unlink("l") = 0; p0 close(3) = 0; p1 close(3) = 0`,
	} {
		if steps := parsed(t, text); interleave.Conflict(steps, false) || !interleave.Conflict(steps, true) {
			t.Errorf("of %s the last two: found conflict %t where numbers are used again, %t where not", text, interleave.Conflict(steps, true), interleave.Conflict(steps, false))
		}
	}
}

func parsed(tb testing.TB, text string) []trial.Step {
	tb.Helper()
	var steps []trial.Step
	for line := range strings.SplitSeq(text, "; ") {
		s, err := trial.ParseStep(line)
		if err != nil {
			tb.Fatal(err)
		}
		steps = append(steps, s)
	}
	return steps
}
