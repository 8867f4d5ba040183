package explore

import (
	"encoding/binary"
	"time"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// decode reads a state that was encoded. Its processes are in the order in
// which they were written, and its instant is 0.
func (w *walker) decode(s *state, b []byte) {
	for _, n := range w.budgeted {
		*n(&s.left) = int(b[0])
		b = b[1:]
	}
	if w.monitor != nil {
		s.broken = b[0] != 0
		var tally uint64
		tally, b = uvarint(b[1:])
		s.tally = uint32(tally)
	}
	w.enc.form.Oldest, w.enc.form.Directories = w.auto.oldest, w.auto.directories
	b = s.kernel.Read(b, &w.enc.form)
	s.grow(len(w.clients))
	s.now = sys.Instant{}
	for p := range s.procs {
		b = w.readProcess(b, p, &s.procs[p])
	}
	s.last = nobody
	if w.lastCounts && b[0] > 0 {
		s.last = place{int8((b[0] - 1) / maxThreads), int8((b[0] - 1) % maxThreads)}
	}
}

func (w *walker) readProcess(b []byte, proc int, p *process) []byte {
	p.paused = b[0]&1 != 0
	p.threads = p.threads[:0]
	n := int(b[0] >> 1)
	b = b[1:]
	for i := range n {
		p.threads = append(p.threads, thread{})
		t := &p.threads[len(p.threads)-1]
		b = w.readThread(b, t)
		if i < w.clients[proc] && len(w.plans[proc][i]) > 1 {
			t.segment, b = int8(b[0]), b[1:]
		}
		if w.clients[proc] > 1 {
			t.client, b = int8(b[0]), b[1:]
		}
	}
	return b
}

func (w *walker) readThread(b []byte, t *thread) []byte {
	t.status, t.cancelled, t.asked, t.invoked = status(b[0]&3), b[0]&(1<<2) != 0, b[0]&(1<<3) != 0, b[0]&(1<<4) != 0
	b = b[1:]
	if t.status == free {
		return b
	}
	id, b := uvarint(b)
	t.at = w.auto.spots[id]
	if w.monitor != nil {
		var note uint64
		note, b = uvarint(b)
		t.note = uint32(note)
	}
	if w.timed() && t.pending() {
		var took uint64
		took, b = uvarint(b)
		t.since = -time.Duration(took)
	}
	var ahead uint64
	lasts := t.status == waiting && t.at.call.Op.Lasts()
	if lasts {
		ahead, b = uvarint(b)
	}
	for k, kind := range t.kept() {
		t.values[k], b = w.readValue(b, kind)
	}
	if lasts {
		t.begun = time.Duration(ahead) - t.lasts()
	}
	return b
}

func (w *walker) readValue(b []byte, k kind) (int64, []byte) {
	if k == instant {
		age, rest := sim.ReadAge(b, w.auto.oldest)
		return -int64(age), rest
	}
	value, rest := uvarint(b)
	return int64(value), rest
}

func uvarint(b []byte) (uint64, []byte) {
	if b[0] < 0x80 {
		return uint64(b[0]), b[1:]
	}
	n, size := binary.Uvarint(b)
	return n, b[size:]
}
