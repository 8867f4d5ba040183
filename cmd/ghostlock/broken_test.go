//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A machine on which something does not work is told of in one line, too.

func TestADirectoryThatCannotBeWrittenIsNamed(t *testing.T) {
	for _, test := range []struct{ args, why string }{
		{"fuzz ktstr-try --runs 1 --out file/below", "write to file/below: not a directory"},
		{"fuzz ktstr-try --runs 1 --out nowhere", "write to nowhere: no such file or directory"},
		{"fuzz ktstr-try --runs 1 --out /proc", "write to /proc: "},
		{"fuzz ktstr-try --runs 1 --dir file/below", "file/below: not a directory"},
		{"fuzz ktstr-try --runs 1 --dir nowhere", "nowhere: no such file or directory"},
		{"fuzz ktstr-try --runs 1 --dir /proc", "make a directory in /proc: "},
		{"replay orphan.txt --dir file", "file: not a directory"},
		{"stress ktstr-try --rounds 1 --dir file", "file: not a directory"},
		{"stress ktstr-try --rounds 1 --history file/below/h", "write to file/below: not a directory"},
		{"check --testdata data --out file/below", "write to file/below: not a directory"},
		{"check --testdata data --dir file", "file: not a directory"},
		{"check --testdata data --kernel nope", "found --kernel nope, wanted linux or sim"},
		{"explore ktstr-try --out nowhere", "write to nowhere: no such file or directory"},
		{"explore ktstr-try --dir file", "file: not a directory"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.write("file", "")
			b.write("orphan.txt", orphanCase(t))
			b.copyData()
			b.refuses(test.why, strings.Fields(test.args)...)
		})
	}
}

// asNobody makes the bench's commands run without privileges. Where the tests
// have none themselves, they are as they must be.
func asNobody(b *bench) {
	b.Helper()
	if b.nobody = os.Getuid() == 0; !b.nobody {
		return
	}
	if o, err := b.command("list").CombinedOutput(); err != nil {
		b.Skipf("SKIPPED: the tool does not run as uid 65534 here: %v\n%s", err, o)
	}
}

func TestADirectoryWithoutPermissionIsNamed(t *testing.T) {
	for _, flag := range []string{"--out", "--dir"} {
		t.Run(flag, func(t *testing.T) {
			b := newBench(t)
			asNobody(b)
			closed := b.dir + "/closed"
			if err := os.Mkdir(closed, 0o555); err != nil {
				t.Fatal(err)
			}
			b.refuses("closed: permission denied", "fuzz", "ktstr-try", "--runs", "1", flag, "closed")
		})
	}
}

// A full disk is a tiny tmpfs, in a mount namespace of the command's own.
func TestAFullDiskIsNamed(t *testing.T) {
	const mount = `mount -t tmpfs -o size=16k,nr_inodes=$INODES none full && head -c 16384 /dev/zero >full/fill || exit 77
		"$@"; status=$?; ls -A full >left; exit $status`
	for _, test := range []struct{ inodes, args, why string }{
		{"9", "fuzz posixage-v1 --seed 1 --start idle --out full", "write full/posixage-v1-exclusion-orphan.txt: no space left on device"},
		{"9", "fuzz ctx-v0 --runs 50 --clients 1 --start none --dir full", "ENOSPC"},
		{"3", "fuzz ctx-v2 --runs 50 --start none --dir full", "no space left on device"},
		{"2", "fuzz ctx-v2 --runs 50 --out full", "write to full: no space left on device"},
		{"2", "fuzz ctx-v2 --runs 50 --dir full", "make a directory in "},
	} {
		t.Run(test.inodes+" inodes: "+test.args, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.env = []string{"INODES=" + test.inodes}
			if err := os.Mkdir(b.dir+"/full", 0o755); err != nil {
				t.Fatal(err)
			}
			cmd := b.command(strings.Fields(test.args)...)
			cmd.Args = append([]string{"unshare", "-m", "sh", "-c", mount, "sh", b.tool}, strings.Fields(test.args)...)
			cmd.Path, cmd.Err = exec.LookPath("unshare")
			if cmd.Err != nil {
				t.Skipf("SKIPPED: %v", cmd.Err)
			}
			o := b.finish(cmd)
			if !exists(b.dir + "/left") {
				t.Skipf("SKIPPED: no mount namespace to be had: %s", o.stderr)
			}
			refused(t, o, test.why)
			if left := b.read("left"); left != "fill\n" {
				t.Errorf("left on the full disk: %s", left)
			}
		})
	}
}

func TestAResultThatNobodyCanReadIsAFailure(t *testing.T) {
	for _, args := range []string{"list", "help fuzz", "replay orphan.txt", "replay orphan.txt --json", "fuzz ktstr-try --runs 3", "explore ktstr-try"} {
		b := newBench(t)
		b.write("orphan.txt", orphanCase(t))
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skipf("SKIPPED: %v", err)
		}
		cmd := b.command(strings.Fields(args)...)
		cmd.Stdout = full
		refused(t, b.finish(cmd), "write to standard output: no space left on device")
		full.Close()
	}
}

// Under most limits too low for the workers Go's runtime lacks a thread first,
// and aborts with pages of its own; no program has a say in that. So the limits
// are tried in turn: none may leave anything behind, and one must show the line.
func TestNoForkLeftIsNamed(t *testing.T) {
	prlimit, err := exec.LookPath("prlimit")
	if err != nil || os.Getuid() != 0 {
		t.Skipf("SKIPPED: it takes root and prlimit: %v", err)
	}
	b := newBench(t)
	asNobody(b)
	var seen []string
	for limit := 60; limit > 4; limit -= 1 + limit/20 {
		cmd := b.command("fuzz", "ktstr-try", "--runs", "3")
		cmd.Args = append([]string{"prlimit", fmt.Sprint("--nproc=", limit)}, cmd.Args...)
		cmd.Path = prlimit
		o := b.finish(cmd)
		if o.status == exitFailed && strings.Contains(o.stderr, "resource temporarily unavailable") && strings.Count(o.stderr, "\n") == 1 {
			refused(t, o, "start")
			return
		}
		seen = append(seen, fmt.Sprintf("%d: status %d, %.80q", limit, o.status, o.stderr))
	}
	t.Skipf("SKIPPED: no limit showed it:\n%s", strings.Join(seen, "\n"))
}
