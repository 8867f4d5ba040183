package explore

import (
	"context"
	"errors"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/trial"
)

// mostRuns is how often real code may be run for one lock's graph.
const mostRuns = 500

// Real code is run a few hundred times whatever the size of the graph: also for
// the merged fix with its heartbeat alive, three clients and a kill. A fourth
// client asks nothing new of it.
func TestRealCodeIsRunSeldom(t *testing.T) {
	tr := contest(t, "posixage-v2", "", "lock work 12s unlock", "idle", 3, 0)
	tr.Budget = trial.Budget{Kills: 1}
	three := NewCode(tr.Lock, tr.Config)
	q := Question{Trial: tr, Profile: memory.Profile(), KeepGoing: true, NoCount: true, States: 300_000}
	a, err := three.Explore(context.Background(), q)
	if err != nil || a.Why != nil || three.Runs() > mostRuns {
		t.Fatalf("found %d runs for %d states, %v, %v, wanted at most %d for all", three.Runs(), a.States, a.Why, err, mostRuns)
	}
	t.Logf("3 clients: %d runs, %d nodes, %d states, %d restarts", three.Runs(), three.Nodes(), a.States, a.Restarts)

	// All of four clients' graph would take minutes; so many of its states will do.
	q.Trial = contest(t, "posixage-v2", "", "lock work 12s unlock", "idle", 4, 0)
	q.Trial.Budget, q.States = tr.Budget, 30_000
	four := NewCode(tr.Lock, tr.Config)
	b, err := four.Explore(context.Background(), q)
	if err != nil || !errors.Is(b.Why, ErrStates) && b.Why != nil || four.Runs() > three.Runs() {
		t.Errorf("found %d runs with 4 clients, %d with 3, %v, %v", four.Runs(), three.Runs(), b.Why, err)
	}
	t.Logf("4 clients: %d runs, %d nodes, %d states", four.Runs(), four.Nodes(), b.States)
	before := three.Runs()
	if _, err := three.Explore(context.Background(), q); err != nil || three.Runs() != before {
		t.Errorf("found %d runs more for a fourth client, %v", three.Runs()-before, err)
	}
}
