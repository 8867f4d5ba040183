// Command ghostlock finds the schedules under which file locks fail, and keeps
// each as a small text file that makes it happen again.
//
// Run it without arguments for its commands. Its exit status:
//
//	0    all is well; for fuzz: nothing was found in what was tried
//	1    a property is violated, or a verdict is not the expected one
//	2    wrong usage, or the harness failed
//	3    undecided
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
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/sut/sys/linux"
)

func main() {
	linux.ServeIfWorker()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
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
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot(&app{stdout: stdout, stderr: stderr})
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var code status
	switch {
	case err == nil && ctx.Err() == nil:
		return 0
	case errors.As(err, &code) && code != 0:
		return int(code)
	case ctx.Err() != nil:
		return exitInterrupted
	}
	fmt.Fprintf(stderr, "ghostlock: %v\n", err)
	return exitFailed
}

// An app is what the commands share.
type app struct{ stdout, stderr io.Writer }

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "ghostlock",
		Short: "Find the schedules under which file locks fail",
		Long: `Ghostlock runs real file-lock code, decides the order of its system calls, and
says whether two clients can ever hold the lock at once. Where they can, it
hands over a short text file that makes it happen again, on the real kernel.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newList(a), newFuzz(a), newReplay(a), newCheck(a), newVerify(a), newStress(a))
	return root
}
