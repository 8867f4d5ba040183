package explore_test

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/internal/program"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// Properties other than exclusion: what exploring says of them is what package
// model says of every run.

var memory = sim.Machine{Rules: sim.RulesOf("ext4")}

// A loose lock is a drawn one: what it does to acquire, to release and to
// convert, in words that are calls.
type loose struct {
	acquire, release, convert []string
	loses                     bool // its release tells of a word that says no, as a loss
}

func (l loose) Acquire(p *sys.Proc, _ string, _ lock.How) (lock.Held, error) {
	h := &looseHeld{lock: l, hand: &explore.Hand{}}
	if !h.run(p, l.acquire) {
		h.closes(p)
		return nil, lock.ErrBusy
	}
	return h, nil
}

type looseHeld struct {
	lock loose
	hand *explore.Hand
}

// run reports whether each word said yes; it ends with the first that did not.
func (h *looseHeld) run(p *sys.Proc, words []string) bool {
	for _, w := range words {
		if !explore.Vocabulary[w](p, h.hand) {
			return false
		}
	}
	return true
}

func (h *looseHeld) closes(p *sys.Proc) {
	for explore.Vocabulary["close"](p, h.hand) {
	}
}

func (h *looseHeld) Convert(p *sys.Proc, _ lock.How) error {
	if !h.run(p, h.lock.convert) {
		return lock.ErrBusy
	}
	return nil
}

func (h *looseHeld) Release(p *sys.Proc) error {
	kept := h.run(p, h.lock.release)
	h.closes(p)
	if !kept && h.lock.loses {
		return lock.ErrLost
	}
	return nil
}

// drawLoose draws a lock and who uses it.
func drawLoose(t *rapid.T, works ...[]string) *trial.Trial {
	some := func(label string, least, most int, of ...string) []string {
		return rapid.SliceOfN(rapid.SampledFrom(of), least, most).Draw(t, label)
	}
	l := loose{
		acquire: some("acquire", 1, 3, "create", "create", "create", "exclusive", "EX try", "EX try", "SH try", "EX", "fstat", "named", "stat", "unlink", "other", "rename", "store"),
		release: some("release", 0, 2, "unlink", "unlink", "close", "UN", "stat", "fstat", "named", "load", "rmdir"),
		convert: some("convert", 1, 2, "EX try", "SH try", "EX", "stat", "named", "UN"),
		loses:   rapid.Bool().Draw(t, "loses"),
	}
	tr := &trial.Trial{
		Lock:    lock.Entry{Name: "loose", New: func(lock.Config) lock.Lock { return l }},
		Clients: program.Clients(t, rapid.SampledFrom(works).Draw(t, "clients")...),
	}
	tr.Budget = rapid.SampledFrom([]trial.Budget{{}, {}, {}, {Kills: 1}, {Unlinks: 1}, {Errors: 1}}).Draw(t, "budget")
	if rapid.IntRange(0, 2).Draw(t, "start") == 0 {
		tr.Start = []sys.Entry{{Name: trial.Path}}
	}
	return tr
}

// every calls visit with each run of the trial, and reports false if there are
// more than so many.
func every(tb rapid.TB, t *trial.Trial, most int, visit func(interleave.Outcome)) bool {
	tb.Helper()
	var runner interleave.Runner
	defer runner.Close()
	b := interleave.NewBounded(interleave.MaxSteps, interleave.MaxSteps)
	for n, more := 0, true; more; n, more = n+1, b.Next() {
		if n == most {
			return false
		}
		out, err := runner.Run(t, memory, b)
		if err != nil {
			tb.Fatalf("%v", err)
		}
		visit(out)
	}
	return true
}

// judged returns what package model says of the property in all runs of the
// trial.
func judged(tb rapid.TB, t *trial.Trial, property string, most int) (verdict model.Verdict, all bool) {
	tb.Helper()
	p, err := model.PropertyByName(property)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	j := search.NewJudge("ext4", []model.Property{p})
	verdict = model.Holds
	all = every(tb, t, most, func(out interleave.Outcome) {
		if verdict == model.Violated {
			return
		}
		f, err := j.Judge(t, out)
		if err != nil {
			tb.Fatalf("%v, of\n%s", err, out.History)
		}
		if f != nil {
			verdict = model.Violated
		}
	})
	if j.Undecided > 0 {
		return model.Undecided, all
	}
	return verdict, all
}

// explores returns the verdict of exploring in all its ways, which must be one.
func explores(tb rapid.TB, t *trial.Trial, property string) model.Verdict {
	tb.Helper()
	var verdicts []model.Verdict
	for _, q := range []explore.Question{{}, {NoSymmetry: true}, {Reduce: true, Workers: 2}} {
		q.Trial, q.Property, q.Profile, q.KeepGoing, q.NoCount, q.States = t, property, "ext4", true, true, explore.TooMany
		a, err := explore.NewCode(t.Lock, t.Config).Explore(context.Background(), q)
		if err != nil {
			tb.Fatalf("%s: %v", property, err)
		}
		verdicts = append(verdicts, a.Verdict)
	}
	if len(slices.Compact(slices.Clone(verdicts))) > 1 {
		tb.Errorf("%s: found %v, told apart, reduced and shared", property, verdicts)
	}
	return verdicts[0]
}

// smallest looks for the smallest violation and makes it again.
func smallest(tb rapid.TB, t *trial.Trial, property string, machines ...sys.Machine) *search.Finding {
	tb.Helper()
	q := explore.Question{Trial: t, Property: property, Profile: "ext4", States: explore.TooMany}
	s, err := search.Smallest(context.Background(), explore.NewCode(t.Lock, t.Config), q, -1)
	if err != nil {
		tb.Fatalf("%s: %v", property, err)
	}
	if s == nil {
		return nil
	}
	for _, m := range append(machines, memory) {
		if r, err := search.Replay(s.Case(""), m); err != nil || r.Result != search.Reproduced || r.Violation == nil {
			tb.Errorf("%s on %s: found %+v, %v, of\n%s", property, m.Profile(), r.Result, err, s.Case("").Format())
		}
	}
	return s.Finding
}

func compare(t *testing.T, property string, works ...[]string) {
	t.Helper()
	compared := map[model.Verdict]int{}
	rapid.Check(t, func(t *rapid.T) {
		tr := drawLoose(t, works...)
		wanted, all := judged(t, tr, property, 300)
		if !all || wanted == model.Undecided {
			return
		}
		if found := explores(t, tr, property); found != wanted {
			t.Fatalf("found %s, wanted %s as in all runs, of %+v, %v %s", found, wanted, tr.Lock.New(tr.Config), tr.Clients, tr.Budget)
		}
		if wanted == model.Violated && smallest(t, tr, property) == nil {
			t.Fatalf("found no smallest violation")
		}
		compared[wanted]++
	})
	t.Logf("compared %v", compared)
	if !testing.Short() && (compared[model.Holds] < 3 || compared[model.Violated] == 0) { // -short draws too few
		t.Errorf("the drawn locks say little: %v", compared)
	}
}

func TestUpdateIsExploredAsRunsAreJudged(t *testing.T) {
	const counts = ": lock read write unlock"
	compare(t, model.UpdateName,
		[]string{"p0" + counts, "p1" + counts},
		[]string{"p0.a" + counts, "p0.b" + counts},
		[]string{"p0" + counts + " lock read write unlock", "p1" + counts},
		[]string{"p0" + counts, "p1: lock read unlock", "p2" + counts},
	)
}

func TestDisclosureIsExploredAsRunsAreJudged(t *testing.T) {
	const once = ": lock inside unlock"
	compare(t, model.DisclosureName,
		[]string{"p0" + once, "p1" + once},
		[]string{"p0.a" + once, "p0.b" + once},
		[]string{"p0: rlock inside unlock", "p1" + once},
		[]string{"p0: rlock upgrade inside unlock", "p1" + once},
		[]string{"p0: lock downgrade inside unlock", "p1: rlock inside unlock"},
		[]string{"p0: lock inside", "p1" + once},
		[]string{"p0" + once + " lock inside unlock", "p1" + once},
	)
}

func TestOwnershipIsExploredAsRunsAreJudged(t *testing.T) {
	const once = ": lock inside unlock"
	compare(t, model.OwnershipName,
		[]string{"p0" + once, "p1" + once},
		[]string{"p0.a" + once, "p0.b" + once},
		[]string{"p0" + once, "p1: clean"},
		[]string{"p0.a" + once, "p0.b: visit"},
		[]string{"p0: rlock upgrade inside unlock", "p1" + once},
		[]string{"p0: lock inside", "p1" + once},
		[]string{"p0: lock read write unlock", "p1" + once},
		[]string{"p0" + once, "p1" + once, "p2: visit"},
	)
}

// The probe's answer after every prefix of every run, the others standing still,
// is what phantom is about.
func TestPhantomIsExploredAsEveryPrefixOfARunIsProbed(t *testing.T) {
	const once = ": lock inside unlock"
	compared := map[model.Verdict]int{}
	rapid.Check(t, func(t *rapid.T) {
		tr := drawLoose(t,
			[]string{"p0" + once}, []string{"p0" + once + " lock inside unlock", "p1: lock inside unlock"},
			[]string{"p0" + once, "p1" + once}, []string{"p0.a" + once, "p0.b" + once}, []string{"p0" + once, "p1: visit"},
		)
		wanted, all := model.Holds, true
		probed := *tr
		probed.Clients = append(slices.Clone(tr.Clients), program.Clients(t, "p9: trylock inside unlock")...)
		last := &probed.Clients[len(probed.Clients)-1]
		last.Proc = tr.Procs()
		told := map[string]bool{}
		all = every(t, tr, 100, func(out interleave.Outcome) {
			for n := range len(out.Steps) + 1 {
				if wanted == model.Holds && phantomAt(t, &probed, out, n, told) {
					wanted = model.Violated
				}
			}
		})
		if !all {
			return
		}
		if found := explores(t, &probed, model.PhantomName); found != wanted {
			t.Fatalf("found %s, wanted %s, of %+v, %v %s", found, wanted, tr.Lock.New(tr.Config), tr.Clients, tr.Budget)
		}
		if wanted == model.Violated && smallest(t, &probed, model.PhantomName) == nil {
			t.Fatalf("found no smallest violation")
		}
		compared[wanted]++
	})
	t.Logf("compared %v", compared)
	if !testing.Short() && compared[model.Holds] < 3 { // few are violated; see the written ones
		t.Errorf("the drawn locks say little: %v", compared)
	}
}

// phantomAt reports whether the probe, asking alone behind n steps of the run,
// shows a phantom.
func phantomAt(tb rapid.TB, t *trial.Trial, out interleave.Outcome, n int, told map[string]bool) bool {
	tb.Helper()
	h := before(out, n)
	key := ""
	for _, s := range out.Steps[:n] {
		key += s.String() + "\n"
	}
	if shown, known := told[key]; known {
		return shown
	}
	probe := len(t.Clients) - 1
	name := t.Clients[probe].Name()
	e, returned, err := interleave.Alone(t, memory, slices.Clone(out.Steps[:n]), probe, nil)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	h = append(h, history.Event{Kind: history.Invoke, Process: name, F: history.TryLock})
	if returned {
		h = append(h, e)
	}
	j, err := model.Phantom(h, model.Means{Probe: name, Stuck: true})
	if err != nil {
		tb.Fatalf("%v", err)
	}
	told[key] = j.Verdict == model.Violated
	return told[key]
}

// before returns the history behind n steps of the run. An invocation that was
// not answered by then belongs to the step that follows it.
func before(out interleave.Outcome, n int) (h history.History) {
	for i, e := range out.History {
		answered := slices.ContainsFunc(out.History[i+1:], func(r history.Event) bool { return r.Process == e.Process })
		for j := i + 1; answered && j < len(out.History); j++ {
			if out.History[j].Process == e.Process {
				answered = out.After[j] == n
				break
			}
		}
		if out.After[i] < n || out.After[i] == n && (e.Kind != history.Invoke || answered) {
			h = append(h, e)
		}
	}
	return h
}
