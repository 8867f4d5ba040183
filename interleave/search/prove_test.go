package search_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/explore"
	"github.com/ghostlock/ghostlock/interleave/internal/program"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A proof is what covering every schedule of a trial came to: a verdict, and
// the smallest violation where that is violated.
type proof struct {
	explore.Answer
	Found *search.Shrunk
}

// prove covers every schedule of the question's trial and judges its property.
// It returns an error where the smallest violation of those that it met is not
// found.
func prove(ctx context.Context, q explore.Question) (proof, error) {
	code := explore.NewCode(q.Trial.Lock, q.Trial.Config)
	answer, err := code.Explore(ctx, q)
	p := proof{Answer: answer}
	if err != nil || answer.Verdict != model.Violated {
		return p, err
	}
	p.Found, err = search.Smallest(ctx, code, q, -1)
	if err == nil && p.Found == nil {
		err = fmt.Errorf("%s of %s: a violation was met, and no schedule leads to it", q.Property, q.Trial.Lock.Name)
	}
	return p, err
}

// prove covers every schedule of the hunt's trial.
func (h hunt) prove(tb testing.TB) proof {
	tb.Helper()
	q := explore.Question{Trial: h.trial(tb), Profile: memory.Profile(), Property: h.property, NoCount: true}
	p, err := prove(context.Background(), q)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// What proving finds is the smallest violation that there is, as what shrinking
// comes to: fewest clients, then faults, then switches, then steps. It replays,
// and nothing in it can be left out.
func TestProveFindsTheSmallest(t *testing.T) {
	for _, h := range hunted {
		if h.pattern == search.Other {
			continue // the smallest is of another pattern
		}
		if h.property == model.HonestyName {
			h.budget = "" // see TestHonestyUnderFaultsIsUndecided
		}
		t.Run(h.String(), func(t *testing.T) {
			p := h.prove(t)
			if p.Verdict != model.Violated || p.Found == nil {
				t.Fatalf("found %s, %v", p.Verdict, p.Why)
			}
			if found := sizeText(p.Found.Finding); found != h.size {
				t.Errorf("found %s, wanted %s, of\n%s", found, h.size, p.Found.Case("").Format())
			}
			if n, err := search.Confirm(p.Found.Finding, memory, 2); n != 2 {
				t.Errorf("found %d of 2 replays, %v", n, err)
			}
			if last := p.Found.Levels[len(p.Found.Levels)-1]; !last.Shortest {
				t.Errorf("found it last on %+v, wanted it to be called the shortest", last)
			}
			wantAllNeeded(t, p.Found.Finding)
		})
	}
}

// enumerated judges every run of the trial, and reports whether one violates the
// property, and whether these were all.
func enumerated(tb testing.TB, t *trial.Trial, property string, most int) (violated, all bool) {
	tb.Helper()
	judge := search.NewJudge(memory.Profile(), propertyNamed(tb, property))
	var runner interleave.Runner
	defer runner.Close()
	b := interleave.NewBounded(interleave.MaxSteps, interleave.MaxSteps)
	for more := true; more; more = b.Next() {
		if most--; most < 0 {
			return violated, false
		}
		out, err := runner.Run(t, memory, b)
		if err != nil {
			tb.Fatal(err)
		}
		f, err := judge.Judge(t, out)
		if err != nil {
			tb.Fatal(err)
		}
		violated = violated || f != nil
	}
	return violated, true
}

// For every lock of the registry and both properties, proving says of two
// clients that try what judging each of their runs says.
func TestProveAgreesWithEveryRun(t *testing.T) {
	for _, e := range program.Locks() {
		for _, budget := range []string{"", "kills=1", "errors=1"} {
			for _, start := range []string{"none", "leftover"} {
				h := hunt{lock: e.Name, start: start, budget: budget, clients: []string{"p0: trylock inside unlock", "p1: trylock inside unlock"}}
				for _, h.property = range []string{model.ExclusionName, model.HonestyName} {
					if h.property == model.HonestyName && h.trial(t).Budget.Errors > 0 {
						continue
					}
					wanted, all := enumerated(t, h.trial(t), h.property, 3000)
					p := h.prove(t)
					if all && p.Verdict == model.Undecided || (p.Verdict == model.Violated) != wanted && (all || wanted) {
						t.Errorf("%s from %s: found %s, %v, wanted it violated: %t (all runs: %t)", h, start, p.Verdict, p.Why, wanted, all)
					}
				}
			}
		}
	}
}

// evasive gives up its file by removing it. Who finds it removed is told so by an
// error, and who finds it locked is told busy, both behind the same last call.
func evasive(p *sys.Proc, path string, _ lock.How) (lock.Release, error) {
	f, err := p.Open(path, sys.O_RDWR|sys.O_CREAT, 0o600)
	if err != nil {
		return nil, err
	}
	if err := p.Flock(f, sys.LOCK_EX|sys.LOCK_NB); err != nil {
		_ = p.Close(f)
		return nil, lock.ErrBusy
	}
	if st, err := p.Fstat(f); err != nil || p.Nlink(st) == 0 {
		_ = p.Close(f)
		return nil, errors.New("the file is gone")
	}
	return func(p *sys.Proc) error {
		_ = p.Unlink(path)
		return p.Close(f)
	}, nil
}

// What an acquire is told belongs to where its thread stands: two that make the
// same last call are not alike if they are told different things.
func TestProveTellsAnswersApart(t *testing.T) {
	h := hunt{lock: "ctx-v2", start: "none", clients: []string{"p0: lock inside unlock", "p1: lock inside unlock"}}
	for property, wanted := range map[string]model.Verdict{model.ExclusionName: model.Holds, model.HonestyName: model.Violated} {
		tr := h.trial(t)
		tr.Lock = written(evasive).entry("evasive")
		q := explore.Question{Trial: tr, Profile: memory.Profile(), Property: property}
		p, err := prove(context.Background(), q)
		violated, all := enumerated(t, tr, property, 3000)
		if err != nil || p.Verdict != wanted || violated != (wanted == model.Violated) || !all {
			t.Errorf("%s: found %s, %v, and %t by every run, wanted %s", property, p.Verdict, err, violated, wanted)
		}
	}
}

// Alone, an acquire is to meet the faults that it met among others, and a state
// does not tell which these were: so nothing is said rather than something
// wrong.
func TestHonestyUnderFaultsIsUndecided(t *testing.T) {
	for _, name := range []string{"posixage-v1", "ktstr-try"} {
		h := hunt{lock: name, start: "idle", budget: "errors=1", property: model.HonestyName, clients: []string{"p0: trylock inside unlock"}}
		if p := h.prove(t); p.Verdict != model.Undecided || p.Why == nil || p.Found != nil {
			t.Errorf("%s: found %s, %v, wanted it undecided, with a reason", name, p.Verdict, p.Why)
		}
	}
}

// With a bound of switches there is a violation from some number on, and below
// that the levels say that nothing was met.
func TestSmallestKeepsToItsSwitches(t *testing.T) {
	h := hunt{lock: "posixage-v1", start: "idle", property: model.ExclusionName, clients: []string{"p0: lock inside unlock", "p1: lock inside unlock", "p2: lock inside unlock"}}
	tr := h.trial(t)
	code := explore.NewCode(tr.Lock, tr.Config)
	for switches := range 4 {
		q := explore.Question{Trial: tr, Profile: memory.Profile(), Property: h.property}
		found, err := search.Smallest(context.Background(), code, q, switches)
		if err != nil || (found != nil) != (switches >= 2) {
			t.Errorf("%d switches: found %v, %v", switches, found, err)
		}
		if found != nil && sizeText(found.Finding) != "2 clients, 0 faults, 2 switches, 12 steps" {
			t.Errorf("%d switches: found %s", switches, sizeText(found.Finding))
		}
	}
}

// What cannot be asked is refused, and what was interrupted has found nothing.
func TestProveSaysWhatItCannotDo(t *testing.T) {
	h := hunt{lock: "ctx-v0", start: "none", property: "fairness", clients: []string{"p0: lock inside unlock", "p1: lock inside unlock"}}
	tr := h.trial(t)
	q := explore.Question{Trial: tr, Profile: memory.Profile(), Property: h.property}
	_, err := prove(context.Background(), q)
	if err == nil || !strings.Contains(err.Error(), "fairness") {
		t.Errorf("found %v, wanted an error that names the property", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	q.Property = model.ExclusionName
	p, err := prove(ended, q)
	if err != nil || p.Found != nil || p.Verdict != model.Undecided {
		t.Errorf("found %s, %v, %v, wanted it undecided", p.Verdict, fmt.Sprint(p.Found), err)
	}
}
