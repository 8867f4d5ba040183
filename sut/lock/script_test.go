package lock_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys"
)

// The scripts of testdata/NAME.txt say, call by call, what the lock NAME does.
// Each begins with comments, the first of which names the step that it shows,
// and has these lines:
//
//	acquire [shared] [try] [stale=3s …]   begins an acquisition of "l"
//	call = ret                            the thread's next call, and its answer
//	hb: call = ret                        the same, of the thread "hb"
//	acquired, or the error                how the acquisition ends
//	read                                  begins a read of what the lock guards
//	found "1", or the error               how that ends
//	write 2                               begins a write of it
//	written, or the error                 how that ends
//	convert [shared]                      begins a conversion of what is held
//	converted, or the error               how that ends
//	release                               begins its release
//	released, or the error                how that ends
//
// An error that is neither busy nor timeout is written "error: text". A ret of
// "?" says that the call is asked and does not return yet. A script ends with
// an empty line, at which all threads must have ended.
func TestScripts(t *testing.T) {
	for _, e := range lock.All() {
		t.Run(e.Name, func(t *testing.T) {
			for _, s := range readScripts(t, e.Name) {
				t.Run(s.name, func(t *testing.T) {
					if err := s.play(t, e); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

func TestScriptsHaveLocks(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) != len(lock.All()) {
		t.Errorf("found scripts %v, %v, wanted one file a lock", files, err)
	}
}

// What the runner must not let pass, each against the lock that releases by
// close alone.
func TestScriptsCanFail(t *testing.T) {
	const acquire = "# x\nacquire\nstat(\"l\") = -1 ENOENT\nstatfs(\".\") = 0xef53\n"
	const open = "open(\"l\", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = 3<A>\n"
	for _, test := range []struct{ script, wanted string }{
		{acquire + "close(3) = 0", "found open("},
		{acquire + open + "flock(3, LOCK_SH|LOCK_NB) = 0", "found flock(3, LOCK_EX|LOCK_NB), wanted flock(3, LOCK_SH|LOCK_NB)"},
		{acquire + open + "acquired", "found flock(3, LOCK_EX|LOCK_NB), wanted the end"},
		{acquire + open + "flock(3, LOCK_EX|LOCK_NB) = 0", "found no outcome"},
		{acquire + open + "flock(3, LOCK_EX|LOCK_NB) = 0\nbusy", "found outcome \"acquired\""},
		{acquire + open + "flock(3, LOCK_EX|LOCK_NB) = 0\nclose(3) = 0", "found its end, wanted close(3)"},
		{acquire + open + "flock(3, LOCK_EX|LOCK_NB) = 0\nacquired\nrelease", "found no outcome"},
		{acquire + open + "hb: flock(3, LOCK_EX|LOCK_NB) = 0", "no such thread"},
		{acquire + open + "flock(3, LOCK) = 0", "wanted one of LOCK_SH"},
		{acquire + open + "flock(3, LOCK_EX|LOCK_NB) = ok", "wanted 0 or an error"},
		{"acquire", "wanted a comment first"},
	} {
		scripts, err := parseScripts("test", test.script)
		if err == nil {
			entry, _ := lock.Find("ktstr-try")
			err = scripts[0].play(t, entry)
		}
		if err == nil || !strings.Contains(err.Error(), test.wanted) {
			t.Errorf("%s\nfound error %v, wanted %s", test.script, err, test.wanted)
		}
	}
}

// A thread that is left behind, or joined too early, is noticed.
func TestScriptsMindThreads(t *testing.T) {
	const acquired = `# x
acquire
open("l", O_RDWR|O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0600) = 3<A>
flock(3, LOCK_EX|LOCK_NB) = 0
ftruncate(3, 0) = 0
fstat(3) = {A, size=0, nlink=1, mtime=@0s}
stat("l") = {A, size=0, nlink=1, mtime=@0s}
go("hb") = #1
acquired
`
	for _, test := range []struct{ script, wanted string }{
		{acquired, "hb: found cancelled(10s), wanted its end"},
		{acquired + "release\ncancel(#1) = 0\njoin(#1) = 0", "joined #1, which is at cancelled(10s)"},
	} {
		scripts, err := parseScripts("test", test.script)
		if err == nil {
			entry, _ := lock.Find("posixage-v2")
			err = scripts[0].play(t, entry)
		}
		if err == nil || !strings.Contains(err.Error(), test.wanted) {
			t.Errorf("%s\nfound error %v, wanted %s", test.script, err, test.wanted)
		}
	}
}

type script struct {
	file  string
	name  string
	lines []line
}

type line struct {
	number int
	text   string
}

func readScripts(t *testing.T, name string) []script {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := parseScripts(file, string(text))
	if err != nil {
		t.Fatal(err)
	}
	return scripts
}

func parseScripts(file, text string) ([]script, error) {
	var scripts []script
	between := true
	for i, l := range strings.Split(text, "\n") {
		comment, isComment := strings.CutPrefix(l, "# ")
		switch {
		case l == "":
			between = true
		case between && !isComment:
			return nil, fmt.Errorf("%s:%d: found %q, wanted a comment first", file, i+1, l)
		case between:
			between = false
			scripts = append(scripts, script{file: file, name: comment})
		case isComment:
		default:
			s := &scripts[len(scripts)-1]
			s.lines = append(s.lines, line{i + 1, l})
		}
	}
	return scripts, nil
}

// A run is the state of one script: the process, and what its operations
// returned.
type run struct {
	process
	entry   lock.Entry
	outcome string // of the operation that is over
	held    lock.Held
	ended   bool // the last line was an outcome
}

// play runs the script. The error tells the line at which the lock's code
// went another way.
func (s script) play(t *testing.T, e lock.Entry) error {
	r := &run{process: process{t: t}, entry: e}
	for _, l := range s.lines {
		if err := r.do(l.text); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", s.file, l.number, l.text, err)
		}
	}
	if !r.ended {
		return fmt.Errorf("%s: found no outcome as the last line", s.file)
	}
	if err := r.allAtEnd(); err != nil {
		return fmt.Errorf("%s: after the last line: %w", s.file, err)
	}
	return nil
}

func (r *run) do(text string) error {
	words := strings.Fields(text)
	callText, retText, isCall := strings.Cut(text, " = ")
	r.ended = false
	switch {
	case words[0] == "acquire":
		return r.acquire(words[1:])
	case text == "release" && r.held != nil:
		return r.begin(func(p *sys.Proc) string { return outcome("released", r.held.Release(p)) })
	case isCall:
		return r.call(callText, retText)
	case words[0] == "convert":
		return r.convert(lock.How{Shared: len(words) > 1, Try: true})
	case text == "read" || words[0] == "write":
		return r.guarded(words)
	}
	return r.end(text)
}

func (r *run) convert(how lock.How) error {
	converter, can := r.held.(lock.Converter)
	if !can {
		return fmt.Errorf("found no Converter")
	}
	return r.begin(func(p *sys.Proc) string { return outcome("converted", converter.Convert(p, how)) })
}

// guarded begins a read, or a write of the second word.
func (r *run) guarded(words []string) error {
	guard, can := r.held.(lock.Guard)
	switch {
	case !can:
		return fmt.Errorf("found no Guard")
	case words[0] == "write":
		return r.begin(func(p *sys.Proc) string { return outcome("written", guard.Write(p, words[1])) })
	}
	return r.begin(func(p *sys.Proc) string {
		data, err := guard.Read(p)
		return outcome(fmt.Sprintf("found %q", data), err)
	})
}

func (r *run) acquire(words []string) error {
	how, config := lock.How{}, r.entry.Defaults
	for _, w := range words {
		switch w {
		case "shared":
			how.Shared = true
		case "try":
			how.Try = true
		default:
			if err := config.Set([]string{w}); err != nil {
				return err
			}
		}
	}
	l := r.entry.New(config)
	return r.begin(func(p *sys.Proc) string {
		held, err := l.Acquire(p, "l", how)
		r.held = held
		if (held == nil) != (err != nil) {
			r.t.Errorf("found it held (%v) with error %v, wanted one of them", held != nil, err)
		}
		return outcome("acquired", err)
	})
}

// begin starts an operation as the unnamed thread.
func (r *run) begin(operation func(*sys.Proc) string) error {
	r.start("", 0, func(p *sys.Proc) { r.outcome = operation(p) })
	return nil
}

func (r *run) call(callText, retText string) error {
	name := ""
	if before, after, ok := strings.Cut(callText, ": "); ok && !strings.Contains(before, "(") {
		name, callText = before, after
	}
	c, err := sys.ParseCall(callText)
	if err != nil {
		return err
	}
	ret, err := sys.ParseRet(c.Op, retText)
	if err != nil {
		return err
	}
	th, err := r.thread(name)
	if err != nil {
		return err
	}
	return th.step(c, ret)
}

func (r *run) end(wanted string) error {
	th, err := r.thread("")
	if err != nil {
		return err
	}
	if at := th.where(); at != "its end" {
		return fmt.Errorf("found %s, wanted the end", at)
	}
	if r.outcome != wanted {
		return fmt.Errorf("found outcome %q", r.outcome)
	}
	r.ended = true
	return nil
}

// outcome is how a script writes what an operation returned. A refusal's text
// must say itself what it is.
func outcome(success string, err error) string {
	switch {
	case err == nil:
		return success
	case errors.Is(err, lock.ErrBusy) && strings.HasPrefix(err.Error(), "busy: "),
		errors.Is(err, lock.ErrTimeout) && strings.HasPrefix(err.Error(), "timeout: "):
		return err.Error()
	case errors.Is(err, lock.ErrBusy), errors.Is(err, lock.ErrTimeout):
		return "refusal without its name: " + err.Error()
	}
	return "error: " + err.Error()
}
