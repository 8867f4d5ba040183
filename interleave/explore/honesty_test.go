package explore

import (
	"errors"
	"testing"

	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// A release that fails because another client came first is no lie of an
// acquire's.
func TestHonestyIsAboutAcquires(t *testing.T) {
	removed := tiny(func(p *sys.Proc, _ lock.How) (lock.Release, error) {
		f, err := p.Open("l", sys.O_RDWR|sys.O_CREAT, 0o600)
		if err != nil {
			return nil, err
		}
		if err := p.Flock(f, sys.LOCK_EX); err != nil {
			return nil, errors.Join(err, p.Close(f))
		}
		return func(p *sys.Proc) error { return errors.Join(p.Unlink("l"), p.Close(f)) }, nil
	})
	tr := removed.clients(t, "p0: lock inside unlock", "p1: lock inside unlock")
	if a := explored(t, tr, Question{Property: model.HonestyName}); a.Verdict != model.Holds {
		t.Errorf("found %s", a.Verdict)
	}
}
