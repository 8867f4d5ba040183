package explore

import (
	"testing"

	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// F_GETLK names the process that is in the way. Who looks at it can tell
// processes apart, so none may take another's place.
func TestProcessesThatCanBeToldApartKeepTheirNames(t *testing.T) {
	asks := tiny(func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		f, err := p.Open("l", sys.O_RDWR|sys.O_CREAT, 0o600)
		if err != nil {
			return nil, err
		}
		r := sys.Record{Type: sys.F_WRLCK}
		if err := p.FcntlFlock(f, sys.F_GETLK, &r); err != nil || r.Type != sys.F_UNLCK {
			_ = p.Close(f)
			return nil, lock.ErrBusy
		}
		err = p.FcntlFlock(f, sys.F_SETLK, &sys.Record{Type: sys.F_WRLCK})
		return func(p *sys.Proc) error { return p.Close(f) }, err
	})
	tr := asks.clients(t, "p0: lock inside unlock", "p1: lock inside unlock")
	with, without := explored(t, tr, Question{}), explored(t, tr, Question{NoSymmetry: true})
	if with.States != without.States || with.Interleavings.Cmp(without.Interleavings) != 0 {
		t.Errorf("found %d states and %d", with.States, without.States)
	}
}
