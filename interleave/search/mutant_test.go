package search_test

import (
	"context"
	"slices"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/draw"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// A mutant is a lock with a seeded flaw, and the bounds within which fuzz must
// find the flaw and must find nothing wrong with the lock it was made from.
type mutant struct {
	name    string
	changed string
	base    lock.Entry
	new     func(lock.Config) lock.Lock

	property string
	start    string // "": none
	bounds   draw.Bounds
	works    []string // the clients' workloads, where the bounds should not draw them
	limit    int      // schedules within which every seed finds it
}

// mutants are all of them: 44. Where each was found, by POS with the seeds 1 to
// 5, in memory (first violation in schedule; limit; * honesty, else exclusion):
//
//	ktstr-try/shared                3 2 1 5 2               50
//	ktstr-block/one-descriptor      4 1 5 11 1             100
//	ktstr-block/closed-early        1 1 1 2 3               30
//	ktstr-block/close-unlink        1 7 4 2 2               50
//	ktstr-try/no-creat*             2 4 5 1 1               50
//	ktstr-try/not-busy*             3 2 1 5 2               50
//	ktstr-try/reader-without-file   2 18 33 11 1           300
//	ktstr-try/upgrade               1 2 1 1 2               20
//	ktstr-try/unlink-close          2 4 10 10 9            100
//	ktstr-try/open-on-enolck        6 4 11 6 4             300
//	ktstr-try/swallow               3 2 1 5 2               50
//	ktstr-block/eintr               59 220 11 83 24       2000
//	pact/no-retry*                  1 4 1 1 2               30
//	pact/unlock-early               14 2 10 2 4            100
//	pact/unlink-close               1 9 1 5 36             300
//	pact/flock-unlink               1 1 1 2 2               20
//	pact/finally-unlink             67 11 127 39 185      1000
//	pact/ttl                        4 21 6 3 4             200
//	pact/open-on-timeout            1 1 1 1 1               10
//	pact/open-on-enolck             9 19 17 33 5           200
//	ctx-v2/cleanup                  2 5 1 1 2               50
//	ctx-v2/who*                     1 2 2 2 1               20
//	ctx-v2/steal                    1 1 1 1 1               10
//	ctx-v2/close-swallowed          26 108 43 1 117       1000
//	ctx-v2/ttl                      4 13 6 3 4             100
//	ctx-v2/ttl-kill                 124 82 14 124 57      1000
//	ctx-v2/no-excl                  2 1 1 3 4               30
//	ctx-v0/excl*                    2 1 1 1 4               30
//	posixage-v0/young               1 1 1 1 1               10
//	posixage-v1/unit                1 1 1 1 1               10
//	posixage-v1/no-age              2 5 7 3 11             100
//	posixage-v2/inode-error*        4 80 54 16 32          500
//	posixage-v2a/stat-enoent*       4 21 33 95 274        2000
//	posixage-v2a/unlink-enoent*     2 29 70 419 50        2000
//	posixage-v2/heartbeat-renames   1 1 1 1 1               10
//	posixage-v2/flag                33 9 2 3 26            200
//	posixage-v2/slow-heartbeat      1 1 1 1 1               10
//	posixage-v2/no-heartbeat        1 1 1 1 1               10
//	posixage-v2/heartbeat-ends      33 12 15 5 17          200
//	tidy/exists                     41 14 27 15 25         300
//	tidy/unlock-unlink              247 41 120 494 23     3000
//	tidy/check-first                3 1 1 13 59            500
//	tidy/no-check                   19 2 4 7 7             200
//	tidy/gone-is-fine               534 338 135 552 685   4000
//
// What is seeded and not seen is in mutants_unseen_test.go.
func mutants() []mutant {
	return slices.Concat(ktstrMutants(), pactMutants(), ctxMutants(), v0Mutants(), posixageV1Mutants(), posixageMutants(), tidyMutants())
}

// mutantSeeds are what each mutant is fuzzed with; -short takes the first.
var mutantSeeds = []uint64{1, 2, 3, 4, 5}

func seedsOfMutants() []uint64 {
	if testing.Short() {
		return mutantSeeds[:1]
	}
	return mutantSeeds
}

// Every seeded flaw is found within its limit under every seed, and the lock
// without it survives as many schedules of the same bounds.
func TestMutantsAreFound(t *testing.T) {
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			var at []int
			for _, seed := range seedsOfMutants() {
				found, n := m.fuzz(t, m.entry(), seed)
				if found == nil {
					t.Errorf("seed %d: found nothing in %d schedules, wanted %s violated", seed, n, m.property)
					continue
				}
				at = append(at, n)
				if clean, n := m.fuzz(t, m.base, seed); clean != nil {
					t.Errorf("seed %d: found %s without the flaw violated in schedule %d: %s", seed, m.base.Name, n, clean.Why)
				}
			}
			t.Logf("%-28s %s found in schedule %v, limit %d", m.name, m.property, at, m.limit)
		})
	}
}

// What is found in a mutant can be made small, replays, and is a case that says
// all of it; and the lock without the flaw does not do the same.
func TestMutantsShrinkAndReplay(t *testing.T) {
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			found, _ := m.fuzz(t, m.entry(), mutantSeeds[0])
			if found == nil {
				t.Fatal("found nothing")
			}
			shrunk, err := search.Shrink(context.Background(), found, mutantMachine)
			if err != nil {
				t.Fatal(err)
			}
			if shrunk.Property != found.Property || shrunk.Pattern != found.Pattern || len(shrunk.Steps) > len(found.Steps) {
				t.Errorf("found %s %s in %d steps shrunk to %s %s in %d", found.Property, found.Pattern, len(found.Steps),
					shrunk.Property, shrunk.Pattern, len(shrunk.Steps))
			}
			for _, f := range []*search.Finding{found, shrunk.Finding} {
				if n, err := search.Confirm(f, mutantMachine, 3); n != 3 || err != nil {
					t.Errorf("found %d of 3 replays, %v", n, err)
				}
			}
			if shrunk.Profile == "any" {
				if n, err := search.Confirm(shrunk.Finding, sim.Machine{Rules: sim.RulesOf("tmpfs")}, 1); n != 1 {
					t.Errorf("found a schedule of any file system that does not replay on tmpfs: %v", err)
				}
			}
			m.keep(t, shrunk.Finding)
			t.Logf("%s, %d clients, %d faults, %d switches, %d steps (found with %d)", shrunk.Pattern, len(shrunk.Trial.Clients),
				shrunk.Faults(), search.Switches(shrunk.Steps), len(shrunk.Steps), len(found.Steps))
		})
	}
}

// keep writes the finding as a case and reads it back. A case names its lock,
// and the registry does not know mutants: the text has the name of the base.
// So what it says first is that the base behaves in another way.
func (m mutant) keep(t *testing.T, f *search.Finding) {
	t.Helper()
	c := f.Case(m.changed)
	c.Trial.Lock.Name = m.registered()
	text := c.Format()
	read, err := trial.ParseCase("mutant", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if again := read.Format(); string(again) != string(text) {
		t.Errorf("found after reading\n%s\nwanted\n%s", again, text)
	}
	r, err := search.Replay(read, mutantMachine)
	if err != nil || r.Result == search.Reproduced {
		t.Errorf("found %v, %v of the registered lock, wanted diverged or passes", r.Result, err)
	}
	read.Trial.Lock = m.entry()
	r, err = search.Replay(read, mutantMachine)
	if err != nil || r.Result != search.Reproduced {
		t.Errorf("found %v, %v of the mutant, wanted reproduced: %v", r.Result, err, r.Divergence)
	}
}

// registered returns the name of the registry's lock that the mutant comes of,
// which is v2a for those of mutants_tidy_test.go.
func (m mutant) registered() string {
	if _, err := lock.Find(m.base.Name); err != nil {
		return "posixage-v2a"
	}
	return m.base.Name
}

// entry returns the mutant as a line of a registry.
func (m mutant) entry() lock.Entry {
	e := m.base
	e.Name, e.New = m.name, m.new
	return e
}

var mutantMachine = sim.Machine{Rules: sim.RulesOf("ext4")}

// mutantTrials is how many trials are drawn for a mutant; they take turns.
const mutantTrials = 16

// fuzz returns the first violation of the property in the lock, within the
// mutant's bounds and limit, and the number of its schedule.
func (m mutant) fuzz(t *testing.T, e lock.Entry, seed uint64) (*search.Finding, int) {
	t.Helper()
	property, err := model.PropertyByName(m.property)
	if err != nil {
		t.Fatal(err)
	}
	pos, err := interleave.StrategyByName("pos")
	if err != nil {
		t.Fatal(err)
	}
	f := search.Fuzz{
		Machines: []sys.Machine{mutantMachine}, Runner: search.Sampled(m.trials(t, e, seed), pos, seed),
		Properties: []model.Property{property}, Runs: m.limit, Stats: &search.Stats{},
	}
	found, n, err := f.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if cut := f.Stats.Cut.Load(); cut > 0 {
		t.Errorf("%s: found %d runs cut", e.Name, cut)
	}
	return found, n
}

func (m mutant) trials(t *testing.T, e lock.Entry, seed uint64) []*trial.Trial {
	t.Helper()
	one := &trial.Trial{Lock: e, Config: e.Defaults, Budget: m.bounds.Budget}
	if m.start != "" {
		var err error
		if one.Start, err = interleave.MakeStart(m.start, one); err != nil {
			t.Fatal(err)
		}
	}
	if m.works != nil {
		works := make([]trial.Workload, len(m.works))
		for i, text := range m.works {
			var err error
			if works[i], err = trial.ParseWorkload(text); err != nil {
				t.Fatal(err)
			}
		}
		one.Clients = trial.Place(works, m.bounds.Threads)
		return []*trial.Trial{one}
	}
	b := m.bounds
	b.Lock, b.Config, b.Starts = e, e.Defaults, [][]sys.Entry{one.Start}
	if b.MinClients == 0 {
		b.MinClients, b.MaxClients = 2, 3
	}
	b.Acquires = max(b.Acquires, 2)
	all := make([]*trial.Trial, mutantTrials)
	for i := range all {
		all[i] = draw.Trials(b).Example(int(seed)*mutantTrials + i + 1)
	}
	return all
}

// A flow is a lock written as the one function that it is.
type flow = lock.Func

// through acquires a lock for a flow that goes on with it.
func through(l lock.Lock, p *sys.Proc, path string, how lock.How) (lock.Release, error) {
	held, err := l.Acquire(p, path, how)
	if err != nil {
		return nil, err
	}
	return held.Release, nil
}

// mutantBase returns the lock of that name for a table.
func mutantBase(name string) lock.Entry {
	e, err := lock.Find(name)
	if err != nil {
		panic(err)
	}
	return e
}
