// Package table prints a schedule for people: a row a step, a column a
// process, inodes by name, and what each client was told between the steps.
package table

import (
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// gap is the room between two columns.
const gap = 3

// Write prints what happened in a run of the trial. Flags that matter to exec
// and symbolic links only, O_CLOEXEC and O_NOFOLLOW, are left out: the case
// has them.
func Write(w io.Writer, t *trial.Trial, out interleave.Outcome) error {
	p := &printer{trial: t, files: map[fileRef]sys.Ino{}, forks: map[string]int{}}
	p.events(out, 0)
	for i, s := range out.Steps {
		p.step(i+1, s)
		p.events(out, i+1)
	}
	return p.flush(w)
}

// A fileRef is a descriptor of a process, which has the name of its first thread.
type fileRef struct {
	process string
	fd      int
}

// A row is one line: in the column of a process, or across all where it is -1.
type row struct {
	step int
	proc int
	text string
}

type printer struct {
	trial *trial.Trial
	files map[fileRef]sys.Ino
	forks map[string]int // children of each name, such as p0.child
	rows  []row
}

// events adds what clients asked and were told after that many steps. Of what
// was asked only the answer is shown; the calls in between are its work.
func (p *printer) events(out interleave.Outcome, after int) {
	for i, e := range out.History {
		if out.After[i] != after || e.Kind == history.Invoke || e.F == history.Kill {
			continue
		}
		p.rows = append(p.rows, row{proc: p.proc(e.Process), text: told(e)})
	}
}

func told(e history.Event) string {
	name := ""
	if strings.Contains(e.Process, ".") {
		name = e.Process + " "
	}
	switch {
	case e.Kind == history.Ok && history.IsAcquire(e.F):
		return fmt.Sprintf("** %s%s: has the lock **", name, e.F)
	case e.Kind == history.Ok:
		return fmt.Sprintf("-- %s%s: done --", name, e.F)
	}
	return fmt.Sprintf("-- %s%s: %s --", name, e.F, e.Error)
}

func (p *printer) proc(thread string) int {
	return p.trial.Clients[p.trial.ClientOf(thread)].Proc
}

func (p *printer) step(n int, s trial.Step) {
	if s.Env != trial.None {
		p.rows = append(p.rows, row{step: n, proc: -1, text: s.String()})
		return
	}
	proc, process := p.proc(s.Thread), p.process(s.Thread)
	text := p.call(process, s.Call) + " = " + s.Ret.Format(s.Call.Op)
	if rest := strings.TrimPrefix(s.Thread, fmt.Sprintf("p%d", proc)); rest != "" {
		text = rest[1:] + ": " + text
	}
	p.rows = append(p.rows, row{step: n, proc: proc, text: text})
	switch {
	case s.Ret.Err != 0:
	case s.Call.Op == sys.OpOpen:
		p.files[fileRef{process, int(s.Ret.N)}] = s.Ret.Ino
	case s.Call.Op == sys.OpClose:
		delete(p.files, fileRef{process, s.Call.FD})
	case s.Call.Op == sys.OpFork:
		p.fork(process, s.Thread+"."+s.Call.Path)
	}
}

// fork gives a new child what its parent has open. Children of one name are
// numbered from the second on.
func (p *printer) fork(parent, child string) {
	p.forks[child]++
	if n := p.forks[child]; n > 1 {
		child += strconv.Itoa(n)
	}
	for ref, ino := range maps.Clone(p.files) {
		if ref.process == parent {
			p.files[fileRef{child, ref.fd}] = ino
		}
	}
}

// process returns the name of the process that the thread belongs to.
func (p *printer) process(thread string) string {
	found := fmt.Sprintf("p%d", p.proc(thread))
	for child := range p.forks {
		rest, is := strings.CutPrefix(thread, child)
		rest = strings.TrimLeft(rest, "0123456789")
		if is && len(child) > len(found) && (rest == "" || rest[0] == '.') {
			found = thread[:len(thread)-len(rest)]
		}
	}
	return found
}

// call writes the call with the inode's name behind its descriptor.
func (p *printer) call(process string, c sys.Call) string {
	c.Flags &^= hidden(c.Op)
	text := c.String()
	if ino, ok := p.files[fileRef{process, c.FD}]; ok && c.FD != 0 {
		fd := strconv.Itoa(c.FD)
		text = strings.Replace(text, "("+fd, "("+fd+"<"+ino.String()+">", 1)
	}
	return text
}

func hidden(op sys.Op) int {
	if op == sys.OpOpen {
		return sys.O_CLOEXEC | sys.O_NOFOLLOW
	}
	return 0
}

// flush writes the rows, each column as wide as its widest cell.
func (p *printer) flush(w io.Writer) error {
	width := make([]int, p.trial.Procs())
	for i := range width {
		width[i] = len("p0")
	}
	for _, r := range p.rows {
		if r.proc >= 0 && r.step > 0 { // what clients were told may be long, and has its row alone
			width[r.proc] = max(width[r.proc], utf8.RuneCountInString(r.text))
		}
	}
	left := make([]int, len(width))
	for i := range left[1:] {
		left[i+1] = left[i] + width[i] + gap
	}
	var b strings.Builder
	b.WriteString("step  ")
	for i := range width {
		fmt.Fprintf(&b, "%-*s", width[i]+gap, fmt.Sprintf("p%d", i))
	}
	lines := []string{b.String()}
	for _, r := range p.rows {
		lines = append(lines, line(r, left))
	}
	for _, l := range lines {
		if _, err := fmt.Fprintln(w, strings.TrimRight(l, " ")); err != nil {
			return err
		}
	}
	return nil
}

func line(r row, left []int) string {
	number := ""
	if r.step > 0 {
		number = strconv.Itoa(r.step)
	}
	if r.proc < 0 {
		return fmt.Sprintf("%4s  ~~ %s ~~", number, r.text)
	}
	return fmt.Sprintf("%4s  %s%s", number, strings.Repeat(" ", left[r.proc]), r.text)
}
