package main

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/history"
	"github.com/ghostlock/ghostlock/model"
)

func newVerify(a *app) *cobra.Command {
	var asJSON bool
	var budget time.Duration
	cmd := &cobra.Command{
		Use:   "verify HISTORY",
		Short: "Judge a history that something else recorded",
		Long: `Verify reads a history as JSON lines in Jepsen's operation form and judges whether
its lock operations are linearizable as those of a mutex, or of a reader/writer
lock where it has readers.`,
		Args: takes(1, 1),
		RunE: func(_ *cobra.Command, args []string) error { return a.verify(args[0], budget, asJSON) },
	}
	cmd.Flags().DurationVar(&budget, "for", time.Minute, "how long judging may take")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

func (a *app) verify(path string, budget time.Duration, asJSON bool) error {
	if budget <= 0 {
		return fmt.Errorf("found --for %s, wanted more than 0", budget)
	}
	h, err := readHistory(path)
	if err != nil {
		return err
	}
	j, err := model.Exclusion(h, budget)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := a.tellJudgement(path, h, j, asJSON); err != nil {
		return err
	}
	switch j.Verdict {
	case model.Violated:
		return status(exitViolated)
	case model.Undecided:
		return status(exitUndecided)
	}
	return nil
}

func readHistory(path string) (history.History, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, cause(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("read %s: %w", path, syscall.EISDIR)
	}
	return history.ReadJSON(path, f)
}

func (a *app) tellJudgement(path string, h history.History, j model.Judgement, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(a.stdout).Encode(struct {
			History  string   `json:"history"`
			Property string   `json:"property"`
			Verdict  string   `json:"verdict"`
			Why      string   `json:"why,omitempty"`
			At       int      `json:"at"`
			Holders  []string `json:"holders,omitempty"`
		}{path, j.Property, j.Verdict.String(), j.Why, j.At, j.Holders})
	}
	fmt.Fprint(a.stdout, indent(h.String()))
	line := fmt.Sprintf("%s: %s %s", path, j.Property, j.Verdict)
	if j.Why != "" {
		line += ": " + j.Why
	}
	if j.Verdict == model.Violated {
		line += fmt.Sprintf(", from event %d on", j.At)
	}
	_, err := fmt.Fprintln(a.stdout, line)
	return err
}
