// Command ghostlock finds the schedules under which file locks fail, and keeps
// each as a small text file that makes it happen again.
//
// Run it without arguments for its commands. Its exit status:
//
//	0    all is well; for fuzz: nothing was found in what was tried
//	1    a property is violated, or a verdict is not the expected one
//	2    wrong usage, or the harness failed
//	3    undecided, or vacuous: what holds proves little, for too little happened
//	125  a case diverged: the code under test did not follow its schedule
//	130  interrupted
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	_ "github.com/ghostlock/ghostlock/cmd/ghostlock/internal/quiet" // before rapid
	"github.com/ghostlock/ghostlock/interleave/cost"
	"github.com/ghostlock/ghostlock/sut/lock"
	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

func main() {
	linux.ServeIfWorker()
	serveIfExplorer(lock.Find)
	cost.ServeIfWorker(lock.Find)
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, lock.Find))
}

// The exit statuses.
const (
	exitViolated    = 1
	exitFailed      = 2
	exitUndecided   = 3
	exitDiverged    = 125
	exitInterrupted = 130
)

// A status ends the program with a code, after what there was to say was said.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// run is main with its surroundings handed in; it returns the exit status.
func run(args []string, stdout, stderr io.Writer, find finder) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	out := &output{to: stdout}
	err := execute(ctx, args, &app{stdout: out, stderr: stderr, find: find})
	if out.err != nil {
		err = fmt.Errorf("write to standard output: %w", cause(out.err))
	}
	var code status
	switch {
	case errors.As(err, &code):
		return int(code)
	case err != nil:
		// An error is one line, whatever it is made of.
		fmt.Fprintf(stderr, "ghostlock: %s\n", strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "))
	}
	switch {
	case ctx.Err() != nil:
		return exitInterrupted
	case err != nil:
		return exitFailed
	}
	return 0
}

func execute(ctx context.Context, args []string, a *app) error {
	root := newRoot(a)
	if _, err := known(root, args); err != nil {
		return err
	}
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	return root.ExecuteContext(ctx)
}

// An output remembers the first error of writing to it: results that nobody
// could read are a failure.
type output struct {
	to  io.Writer
	err error
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// An app is what the commands share.
type app struct {
	stdout, stderr io.Writer
	find           finder // of the locks that are explored
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "ghostlock",
		Short: "Find the schedules under which file locks fail",
		Long: `Ghostlock runs real file-lock code, decides the order of its system calls, and
says whether two clients can ever hold the lock at once. Where they can, it
hands over a short text file that makes it happen again, on the real kernel.

Exit status: 0 well, or nothing found; 1 violated, or a verdict differs;
2 wrong usage, or the harness failed; 3 undecided or vacuous (explore, verify);
125 a case diverged; 130 interrupted.`,
		SilenceErrors: true,
		SilenceUsage:  true,

		DisableSuggestions: true, // known lists the commands, on one line
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelp(root))
	root.AddCommand(newList(a), newExplore(a), newFuzz(a), newReplay(a), newCheck(a), newMutants(a), newCompare(a), newVerify(a), newStress(a), newTrace(a), newHold(a))
	root.InitDefaultHelpCmd()
	return root
}
