package sys

import "time"

// A Backoff says how long to sleep between attempts: Initial at first, then
// Factor times as long each time, at most Max. The zero Factor means 1 and the
// zero Max means Initial, so Backoff{Initial: d} polls every d, and the zero
// Backoff begins anew at once.
//
// There is no jitter. Libraries add it so that clients do not wake together;
// here who goes first among those that are awake is the schedule's choice.
type Backoff struct {
	Initial, Max time.Duration
	Factor       float64

	// Cut says that giving up ends a pause too, as the end of a context does:
	// giveUp is asked after each pause as well, and no attempt follows when it
	// says true. The pause is slept to its end, so that the answer is late by
	// a pause at most.
	Cut bool
}

// Retry runs attempt until it returns no error, sleeping between attempts as b
// says. When giveUp returns true for a failed attempt's error, Retry returns
// what that attempt returned; a nil giveUp never does.
//
// An attempt hands over what it made by returning it, and must leave nothing
// behind in variables that the next one sees: between attempts the backoff's
// state is all there is. The same goes for giveUp.
func Retry[T any](p *Proc, b Backoff, giveUp func(error) bool, attempt func() (T, error)) (T, error) {
	l := p.loop(b)
	defer l.done()
	for ; ; l.again() {
		made, err := attempt()
		if err == nil || giveUp != nil && giveUp(err) {
			return made, err
		}
		if b.Initial > 0 {
			p.Sleep(l.pause)
		}
		if b.Cut && giveUp != nil && giveUp(err) {
			return made, err
		}
	}
}

// Retry is [Retry] for an attempt that makes nothing.
func (p *Proc) Retry(b Backoff, giveUp func(error) bool, attempt func() error) error {
	_, err := Retry(p, b, giveUp, func() (struct{}, error) { return struct{}{}, attempt() })
	return err
}

// After returns the pause that follows one.
func (b Backoff) After(pause time.Duration) time.Duration {
	if b.Factor <= 1 {
		return b.Initial
	}
	return min(time.Duration(float64(pause)*b.Factor), max(b.Initial, b.Max))
}
