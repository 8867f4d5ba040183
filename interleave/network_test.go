package interleave_test

import (
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// creating is a file that O_EXCL makes. It never waits.
func creating(p *sys.Proc, _ lock.How) (lock.Release, error) {
	f, err := p.Open("l", sys.O_RDWR|sys.O_CREAT|sys.O_EXCL, 0o600)
	if err != nil {
		return nil, lock.ErrBusy
	}
	_ = p.Close(f)
	return func(p *sys.Proc) error { return p.Unlink("l") }, nil
}

// Of what calls touch on a server nothing is known, so every schedule is a trace.
func TestEveryScheduleOnAServerIsATrace(t *testing.T) {
	tr := tiny(creating).Trial(t, "p0: trylock inside unlock", "p1: trylock inside unlock")
	m := sim.Machine{Rules: sim.RulesOf("nfs2")}
	runs := func(ch interleave.Chooser, next func() bool) (n, both int) {
		for more := true; more; more = next() {
			out, err := interleave.Run(tr, m, ch)
			if err != nil {
				t.Fatal(err)
			}
			inside := map[string]bool{}
			for _, s := range out.Steps {
				if s.Call.Op == sys.OpInside {
					inside[s.Thread] = true
				}
			}
			if n++; len(inside) == 2 {
				both++
			}
		}
		return n, both
	}
	d := interleave.NewDPOR(m, interleave.MaxSteps)
	b := interleave.NewBounded(interleave.MaxSteps, interleave.MaxSteps)
	traces, both := runs(d, d.Next)
	all, wanted := runs(b, b.Next)
	if traces-d.Blocked() != all || both != wanted || wanted == 0 {
		t.Errorf("found %d traces, both inside in %d, wanted %d and %d", traces-d.Blocked(), both, all, wanted)
	}
}

// An open that fails by the environment's making has not looked: the next one
// looks again.
func TestAFaultEndsAnOpenThatHasLooked(t *testing.T) {
	tr := tiny(creating).Trial(t, "p0: trylock inside unlock trylock inside unlock", "p1: trylock inside unlock")
	tr.Budget.Errors = 1
	ch := inOrder("p0", "p0 open !EACCES", "p1", "p1", "p0")
	out, err := interleave.Run(tr, sim.Machine{Rules: sim.RulesOf("nfs2")}, ch)
	if err != nil {
		t.Fatal(err)
	}
	if last := out.Steps[len(out.Steps)-1]; last.Thread != "p0" || last.Ret.Err != sys.EEXIST {
		t.Errorf("found %s, wanted it told that the file is there", last)
	}
}
