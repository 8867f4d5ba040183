package search_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// Flaws that no property is about. They are kept so that nobody believes that
// Ghostlock sees them, and so that who adds the property moves them to the
// tables of what is found:
//
//   - A try that waits has no property against it: it ends well.
//   - That a client waits for ever is counted (Stats.Stuck), and no violation.
//   - Honesty compares with the same acquire alone from the state in which it
//     was invoked, which is the state of its first call. Where that one call
//     decides, as O_EXCL does, contention is in that state already, and the
//     acquire fails alone too, whatever it calls the error.
func TestMutantsThatNoPropertySees(t *testing.T) {
	for _, m := range []struct {
		mutant
		stuck bool
	}{
		{mutant: mutant{
			name: "ktstr-try/no-nb", changed: "LOCK_NB dropped: a try waits", base: mutantBase("ktstr-try"),
			new: newKtstr(true, nil),
		}},
		{stuck: true, mutant: mutant{
			name: "ktstr-block/leak", changed: "release forgets to close", base: mutantBase("ktstr-block"),
			new: newKtstr(true, func(l *ktstrLock) { l.release = func(p *sys.Proc, _ sys.File, path string) { _, _ = p.Stat(path) } }),
		}},
		{mutant: mutant{
			name: "ctx-v2/eexist", changed: "EEXIST is returned as an error like any other", base: mutantBase("ctx-v2"),
			new: newCtx(func(l *ctxLock) {
				l.failed = func(*sys.Proc, string, error) error { return errors.New("sync failed") }
			}),
		}},
	} {
		f := search.Fuzz{
			Machines: []sys.Machine{mutantMachine}, Runner: search.Sampled(m.trials(t, m.entry(), 1), interleave.Strategies()[0], 1),
			Properties: model.OfRuns(), Runs: 1000, Stats: &search.Stats{},
		}
		found, n, err := f.Run(context.Background())
		if err != nil || found != nil {
			t.Errorf("%s: found %v in schedule %d, %v, wanted nothing: move it to the tables", m.name, found, n, err)
		}
		if stuck := f.Stats.Stuck.Load() > 0; stuck != m.stuck {
			t.Errorf("%s: found runs that got stuck: %t, wanted %t", m.name, stuck, m.stuck)
		}
	}
}
