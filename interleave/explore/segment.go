package explore

import "github.com/ghostlock/ghostlock/interleave/trial"

// segments returns the parts of the workload: each goes up to an unlock, or up to
// its end. Between two of them a client has no operation under way, and a lock
// keeps nothing from one operation to the next, so what lies behind may be
// forgotten: clients that begin the same segment are at the same node, whatever
// they did before. (That it keeps nothing is checked; see pump.)
func segments(work trial.Workload) []trial.Workload {
	var all []trial.Workload
	begin := 0
	for i, a := range work {
		if a.Verb == trial.Unlock || i == len(work)-1 {
			all = append(all, work[begin:i+1])
			begin = i + 1
		}
	}
	return all
}

// begin puts the client's thread at the start of its next segment, or at its end
// where there is none. What it has not released stays its own.
func (w *walker) begin(s *state, at place) {
	t := s.thread(at)
	plan := w.plans[at.proc][at.thread]
	client, next := t.client, t.segment+1
	*t = thread{at: w.auto.gone[nothing], status: ended, client: client, segment: next}
	if int(next) < len(plan) {
		t.at, t.status = plan[next], waiting
		if t.at.ended {
			t.status = ended
		}
	}
}
