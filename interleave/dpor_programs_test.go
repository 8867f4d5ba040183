package interleave_test

import (
	"time"

	"github.com/ghostlock/ghostlock/interleave/internal/program"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// tinyPrograms are those on which the ways to enumerate are compared.
var tinyPrograms = []struct {
	name    string
	code    tiny
	clients []string
	budget  trial.Budget
	stale   time.Duration
	start   []sys.Entry
	broken  bool
	long    bool
}{
	{name: "no lock", code: free, clients: []string{"p0: lock inside unlock", "p1: lock inside unlock"}, broken: true},
	{name: "calls that have nothing in common", code: apart, clients: three("lock inside unlock"), broken: true},
	{name: "flock that tries", code: flocking, clients: two("trylock inside unlock trylock inside unlock")},
	{name: "three flocks that try", code: flocking, clients: three("trylock inside unlock")},
	{name: "flock that waits", code: flocking, clients: two("lock inside unlock lock inside unlock")},
	{name: "three flocks that wait", code: flocking, clients: three("lock inside unlock")},
	{name: "two that wait and one that tries", code: flocking, clients: []string{"p0: lock inside unlock", "p1: trylock inside unlock", "p2: lock inside unlock"}},
	{name: "readers and a writer", code: sharing, clients: []string{"p0: rlock inside unlock", "p1: rlock inside unlock", "p2: lock inside unlock"}},
	{name: "a reader and writers", code: sharing, clients: []string{"p0: rlock inside unlock", "p1: lock inside unlock", "p2: trylock inside unlock"}},
	{name: "conversions that wait", code: upgrading, clients: two("lock inside unlock")},
	{name: "conversions that try", code: converting(true), clients: two("lock inside unlock")},
	{name: "conversion and a writer", code: converting(false), clients: []string{"p0: lock inside unlock", "p1: rlock inside unlock", "p2: lock inside unlock"}},
	{name: "deadlock", code: crossed, clients: []string{"p0: lock inside unlock", "p1: rlock inside unlock"}},
	{name: "made exclusively", code: exclusive, clients: two("lock inside unlock lock inside unlock")},
	{name: "three made exclusively", code: exclusive, clients: three("lock inside unlock")},
	{name: "unlinked on release", code: program.Orphaning(false, false), clients: three("lock inside unlock"), broken: true, long: true},
	{name: "unlinked on release and checked", code: program.Orphaning(true, false), clients: []string{"p0: lock inside unlock lock inside unlock", "p1: lock inside unlock"}},
	{name: "unlinked before it waits", code: waitingOrphan, clients: three("lock inside unlock"), broken: true},
	{name: "linked", code: linking, clients: two("lock inside unlock")},
	{name: "renamed", code: renaming, clients: two("lock inside unlock")},
	{name: "a directory", code: directory, clients: three("lock inside unlock")},
	{name: "a symbolic link", code: symbolic, clients: two("lock inside unlock")},
	{name: "record locks that try", code: recording(sys.F_SETLK), clients: two("lock inside unlock lock inside unlock")},
	{name: "record locks that wait", code: recording(sys.F_SETLKW), clients: three("lock inside unlock")},
	{name: "locks of descriptions that wait", code: recording(sys.F_OFD_SETLKW), clients: three("lock inside unlock")},
	{name: "record locks in a circle", code: circling, clients: []string{"p0: lock inside unlock", "p1: rlock inside unlock"}},
	{name: "two descriptors of one description", code: doubled, clients: two("trylock inside unlock")},

	{name: "two threads with one table of descriptors", code: meddling, clients: []string{"p0.a: lock inside unlock", "p0.b: rlock inside unlock"}, broken: true},
	{name: "two threads and a process", code: flocking, clients: []string{"p0.a: lock inside unlock", "p0.b: trylock inside unlock", "p1: lock inside unlock"}},
	{name: "a thread that is started, told and joined", code: beating, clients: []string{"p0: lock work 1500ms unlock", "p1: lock work 1s unlock"}, broken: true},
	{name: "a thread that is joined with the lock held", code: helped, clients: two("lock inside unlock")},
	{name: "a thread that is left behind", code: abandoning, clients: two("lock inside unlock")},
	{name: "sleeps", code: flocking, clients: []string{"p0: rest 1s trylock work 2s unlock", "p1: trylock inside unlock rest 2s trylock inside unlock"}},
	{name: "a poll", code: patient, clients: three("lock inside unlock")},
	{name: "a poll that gives up", code: patient, clients: []string{"p0: lock work 3s unlock", "p1: lock inside unlock"}},

	{name: "kill of flocks that wait", code: flocking, clients: two("lock inside unlock lock inside unlock"), budget: trial.Budget{Kills: 1}},
	{name: "kill of one of three", code: sharing, clients: []string{"p0: rlock inside unlock", "p1: lock inside unlock", "p2: trylock inside unlock"}, budget: trial.Budget{Kills: 1}},
	{name: "two kills", code: exclusive, clients: two("lock inside unlock"), budget: trial.Budget{Kills: 2}},
	{name: "kill of a process with threads", code: flocking, clients: []string{"p0.a: lock inside unlock", "p0.b: trylock inside unlock", "p1: lock inside unlock"}, budget: trial.Budget{Kills: 1}},
	{name: "kill of a heartbeat", code: beating, clients: []string{"p0: lock work 1500ms unlock", "p1: lock inside unlock"}, budget: trial.Budget{Kills: 1}, broken: true},
	{name: "kill of what leaves a thread", code: abandoning, clients: two("lock inside unlock"), budget: trial.Budget{Kills: 1}},
	{name: "kill in a deadlock", code: crossed, clients: []string{"p0: lock inside unlock", "p1: rlock inside unlock"}, budget: trial.Budget{Kills: 1}},
	{name: "jump", code: aging, clients: two("lock inside unlock"), budget: trial.Budget{Jumps: 1}, stale: 30 * time.Second, broken: true},
	{name: "jump over sleeps", code: patient, clients: two("lock inside unlock"), budget: trial.Budget{Jumps: 1}},
	{name: "errors of tries", code: flocking, clients: two("trylock inside unlock"), budget: trial.Budget{Errors: 1}},
	{name: "errors of waits", code: waitingOrphan, clients: two("lock inside unlock"), budget: trial.Budget{Errors: 1}},
	{name: "errors and kills", code: flocking, clients: two("lock inside unlock"), budget: trial.Budget{Errors: 1, Kills: 1}},
	{name: "errors of conversions", code: upgrading, clients: two("lock inside unlock"), budget: trial.Budget{Errors: 1}},

	// Drawn ones, each hard for one reason. A call sleeps where its failure does
	// not; a symlink sleeps where it succeeds, and fails where it is seen to race;
	// who waits for a lock is denied it in runs that are given up, and no other; or
	// in runs in which it is interrupted or killed, and no other.
	{name: "a failure beside a sleeper", code: drawing([3]written{
		{acquire: []string{"link"}}, {acquire: []string{"create", "EX"}}, {acquire: []string{"create"}, release: []string{"EX try"}},
	}), clients: drawnClients, budget: trial.Budget{Errors: 1}, broken: true},
	{name: "a sleeper that would do something else", code: drawing([3]written{
		{acquire: []string{"points"}}, {acquire: []string{"stat", "back"}, release: []string{"rename", "stat d"}},
		{acquire: []string{"go", "EX"}, thread: []string{"SH"}, release: []string{"create"}},
	}), clients: drawnClients, start: []sys.Entry{{Name: trial.Path, Age: time.Second}}, broken: true},
	{name: "a wish in a run that is given up", code: drawing([3]written{
		{acquire: []string{"go", "other"}, thread: []string{"close"}}, {acquire: []string{"other", "EX"}},
		{acquire: []string{"other"}, release: []string{"write", "EX try"}},
	}), clients: drawnClients, broken: true},
	{name: "a wish that is interrupted", code: drawing([3]written{
		{acquire: []string{"EX"}, release: []string{"create", "EX"}}, {acquire: []string{"open", "EX try"}},
	}), clients: drawnClients[:2], budget: trial.Budget{Errors: 1}},
	{name: "a wish that is killed", code: drawing([3]written{
		{acquire: []string{"EX"}, release: []string{"create", "EX"}}, {acquire: []string{"open", "EX try"}},
	}), clients: drawnClients[:2], budget: trial.Budget{Kills: 1}},

	{name: "pause", code: exclusive, clients: two("lock inside unlock"), budget: trial.Budget{Pauses: 1}},
	{name: "pause and jump", code: patient, clients: two("lock inside unlock"), budget: trial.Budget{Pauses: 1, Jumps: 1}},
	{name: "unlink outside", code: program.Orphaning(true, false), clients: two("lock inside unlock"), budget: trial.Budget{Unlinks: 1}, start: []sys.Entry{{Name: trial.Path}}, broken: true},
}

// drawnClients have a program each of a drawing lock.
var drawnClients = []string{"p0: lock inside unlock", "p1: trylock inside unlock", "p2: rlock inside unlock"}

func two(work string) []string { return []string{"p0: " + work, "p1: " + work} }

func three(work string) []string { return append(two(work), "p2: "+work) }
