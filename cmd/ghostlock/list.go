package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

func newList(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List locks, properties, choosers, workloads, starts and patterns",
		Long: `List prints the names that the other commands take: the locks and what each
claims, the properties, the choosers (--by), what workloads are made of, the
starts (--start) and the patterns (--pattern).`,
		Args: takes(0, 0),
		RunE: func(*cobra.Command, []string) error { return a.list(asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a lock")
	return cmd
}

func (a *app) list(asJSON bool) error {
	if asJSON {
		return a.listJSON()
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LOCKS")
	for _, e := range lock.All() {
		fmt.Fprintf(w, "  %s\t%s\n", e.Name, e.About)
		fmt.Fprintf(w, "  \t  from %s; claims %s\n", e.Source, strings.Join(e.Claims, ", "))
		if c := e.Defaults.String(); c != "" {
			fmt.Fprintf(w, "  \t  %s\n", c)
		}
	}
	fmt.Fprintln(w, "\nPROPERTIES")
	for _, p := range model.Properties() {
		fmt.Fprintf(w, "  %s\t%s\n", p.Name, p.Holds)
	}
	fmt.Fprintln(w, "\nCHOOSERS")
	for _, s := range interleave.Strategies() {
		fmt.Fprintf(w, "  %s\t%s\n", s.Name, s.About)
	}
	fmt.Fprintf(w, "  %s\t%s\n", byRapid, "rapid draws the trial and every choice")
	fmt.Fprintln(w, "\nWORKLOADS")
	fmt.Fprintf(w, "  a client does, in order: %s\n", strings.Join(trial.Verbs(), ", "))
	fmt.Fprintln(w, "  as in: rest 30s lock work 31s unlock")
	fmt.Fprintln(w, "\nSTARTS")
	fmt.Fprintf(w, "  %s\n", strings.Join(interleave.Starts(), ", "))
	fmt.Fprintln(w, "\nPATTERNS")
	for _, p := range model.Properties() {
		fmt.Fprintf(w, "  of %s\t%s\n", p.Name, words(search.Patterns(p.Name)))
	}
	return w.Flush()
}

func (a *app) listJSON() error {
	enc := json.NewEncoder(a.stdout)
	for _, e := range lock.All() {
		err := enc.Encode(struct {
			Lock     string   `json:"lock"`
			About    string   `json:"about"`
			Source   string   `json:"source"`
			Claims   []string `json:"claims"`
			Readers  bool     `json:"readers"`
			Waits    bool     `json:"waits"`
			Defaults string   `json:"defaults"`
		}{e.Name, e.About, e.Source, e.Claims, e.Readers, e.Waits, e.Defaults.String()})
		if err != nil {
			return err
		}
	}
	return nil
}

func words(patterns []search.Pattern) string {
	var out []string
	for _, p := range patterns {
		out = append(out, string(p))
	}
	return strings.Join(out, ", ")
}
