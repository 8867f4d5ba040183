package mutate

import (
	"context"
	"slices"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// small are the locks of the tests, and some that are registered: one with
// pauses and a deadline, and one without either.
func small(t *testing.T) []lock.Entry {
	all := []lock.Entry{entry("existing", existing), entry("recorded", recorded), entry("owned", owned),
		entry("named", named), entry("beaten", beaten), entry("belted", belted)}
	for _, name := range []string{"pact-sidecar", "ctx-v2"} {
		e, err := lock.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// A seam that changes nothing is not noticed: the code makes the same calls under
// every schedule.
func TestASeamAloneChangesNoRun(t *testing.T) {
	for _, e := range small(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			own, err := deeds(e)
			if err != nil {
				t.Fatal(err)
			}
			other, err := deeds(through(e, nil, sightings{}))
			if err != nil || !slices.Equal(own, other) || len(own) < 100 {
				t.Errorf("found %d runs and %d, and they differ: %v", len(own), len(other), err)
			}
		})
	}
}

// The explorer learns the same of the code with a seam as without.
func TestASeamAloneChangesNoGraph(t *testing.T) {
	for _, e := range small(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			for _, start := range interleave.Starts() {
				own, other := graph(t, e, start), graph(t, through(e, nil, nil), start)
				if own != other || own.states < 5 {
					t.Errorf("from %s: found %+v with a seam, wanted %+v", start, other, own)
				}
			}
		})
	}
}

type size struct {
	verdict             model.Verdict
	states, transitions int
	nodes, runs         int
}

func graph(t *testing.T, e lock.Entry, start string) size {
	t.Helper()
	w, err := trial.ParseWorkload("lock inside unlock")
	if err != nil {
		t.Fatal(err)
	}
	tr := &trial.Trial{Lock: e, Config: e.Defaults, Clients: trial.Place([]trial.Workload{w, w, w}, 2)}
	if tr.Start, err = interleave.MakeStart(start, tr); err != nil {
		t.Fatal(err)
	}
	code := explore.NewCode(e, e.Defaults)
	a, err := code.Explore(context.Background(), explore.Question{Trial: tr, Profile: "ext4", KeepGoing: true})
	if err != nil {
		t.Fatal(err)
	}
	return size{a.Verdict, a.States, a.Transitions, code.Nodes(), code.Runs()}
}

// What a seam remembers of a round is gone with the next: what a look at a file
// is answered as is that of the same round.
func TestASeamForgetsRounds(t *testing.T) {
	s := &seam{part: acquiring, memory: newMemory(), beneath: &counting{}}
	p := sys.NewProc(s)
	s.tamper = &tamper{removalNamed(t, "stale-%s"), site{acquiring, sys.OpReadlink, "", "l"}}
	var found []string
	look := func() {
		data, _ := p.Readlink("l")
		found = append(found, data)
	}
	rounds := func(n int) {
		p.Repeat(func() bool {
			look()
			look()
			n--
			return n > 0
		})
	}
	rounds(2)
	look()
	rounds(1)
	if wanted := []string{"1", "1", "2", "2", "2", "2", "2"}; !slices.Equal(found, wanted) {
		t.Errorf("found %v, wanted %v", found, wanted)
	}
}

// Code that goes on without a call that is made is stopped.
func TestASeamStopsCodeWithoutCalls(t *testing.T) {
	s := &seam{part: acquiring, memory: newMemory(), beneath: &counting{}}
	s.tamper = &tamper{removalNamed(t, "no-unlink"), site{acquiring, sys.OpUnlink, "", "l"}}
	defer func() {
		if recover() == nil {
			t.Error("found it going on")
		}
	}()
	for range 2 * mostUnasked {
		_ = sys.NewProc(s).Unlink("l")
	}
}

// counting answers each call with its number.
type counting struct{ calls int }

func (h *counting) Call(sys.Call) sys.Ret {
	h.calls++
	return sys.Ret{Data: sys.PID(h.calls).String()[1:]}
}

func (h *counting) Go(c sys.Call, _ func(*sys.Proc)) sys.Ret { return h.Call(c) }

func removalNamed(t *testing.T, name string) *removal {
	t.Helper()
	for i := range removals {
		if removals[i].name == name {
			return &removals[i]
		}
	}
	t.Fatalf("found no removal %s", name)
	return nil
}
