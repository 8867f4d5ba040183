package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/ghostlock/ghostlock/interleave/search"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

// A column of the table is the verdicts of a property, in an environment or from
// a start where it names one. The worst of them stands there.
type column struct {
	head, property, environment string
	old                         bool // from a file that is there already
	fresh                       bool // from none
}

// Exclusion is told apart by what it depends on, because the answers differ.
var columns = []column{
	{head: "fresh", property: model.ExclusionName, environment: "calm", fresh: true},
	{head: "old", property: model.ExclusionName, environment: "calm", old: true},
	{head: "long", property: model.ExclusionName, environment: "long"},
	{head: "pause", property: model.ExclusionName, environment: "pause"},
	{head: "kill", property: model.ExclusionName, environment: "kill"},
	{head: "child", property: model.ExclusionName, environment: "child"},
	{head: "cleaner", property: model.ExclusionName, environment: "cleaner"},
	{head: "errors", property: model.ExclusionName, environment: "errors"},
	{head: "skew", property: model.ExclusionName, environment: "skew"},
	{head: "suspend", property: model.ExclusionName, environment: "suspend"},
	{head: "planted", property: model.ExclusionName, environment: "planted"},
	{head: "nfs2", property: model.ExclusionName, environment: "nfs2"},
	{head: "nfs3", property: model.ExclusionName, environment: "nfs3-nolock"},
	{head: "nfs4", property: model.ExclusionName, environment: "nfs4"},
	{head: "smb", property: model.ExclusionName, environment: "smb"},
	{head: "fuse", property: model.ExclusionName, environment: "fuse"},
	{head: "update", property: model.UpdateName},
	{head: "recovery", property: model.RecoveryName},
	{head: "ownership", property: model.OwnershipName},
	{head: "honesty", property: model.HonestyName},
	{head: "patience", property: model.PatienceName},
	{head: "phantom", property: model.PhantomName},
	{head: "disclosure", property: model.DisclosureName},
}

// legend says what the letters of the table mean.
const legend = "h holds in every schedule, e too but nobody ever had to wait, v violated, V though its authors claim it, u undecided, - not asked.\n" +
	"fresh to fuse are exclusion: from no file; from an old one; where holders work past every threshold, a process is stopped,\n" +
	"one is killed, holders start a program, somebody removes the file, a call fails; where the file server's clock is a minute ahead\n" +
	"or behind, the wall clock jumps alone, a directory or a link is in the lock's place; and on hosts that share a file system.\n" +
	"Of nfs2, nfs3 (without locks), nfs4, smb and fuse the rules are from documents: not confirmed on Linux.\n"

func (k column) has(c cell) bool {
	return c.property == k.property && (k.environment == "" || c.environment == k.environment) &&
		(!k.fresh || c.start == "none") && (!k.old || c.start != "none")
}

// in returns the letter that stands in the lock's row.
func (k column) in(e lock.Entry, c *comparison) string {
	const worst = "-ehuv" // from what says least
	found := "-"
	for _, at := range c.cells {
		if at.lock != e.Name || !k.has(at) {
			continue
		}
		if l := letter(c.found[at]); strings.Index(worst, l) > strings.Index(worst, found) {
			found = l
		}
	}
	if found == "v" && slices.Contains(e.Claims, k.property) {
		return "V"
	}
	return found
}

// shown returns the columns of which something was asked.
func (c *comparison) shown() (all []column) {
	for _, k := range columns {
		if slices.ContainsFunc(c.cells, k.has) {
			all = append(all, k)
		}
	}
	return all
}

func tellText(w io.Writer, c *comparison) error {
	line := fmt.Sprintf("%-20s", "")
	for _, k := range c.shown() {
		line += " " + k.head
	}
	fmt.Fprintln(w, line)
	for _, e := range c.locks {
		line := fmt.Sprintf("%-20s", e.Name)
		for _, k := range c.shown() {
			line += fmt.Sprintf(" %-*s", len(k.head), k.in(e, c))
		}
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	_, err := fmt.Fprintf(w, "\n%s", legend)
	return err
}

func tellMarkdown(w io.Writer, c *comparison) error {
	head, rule := "| lock |", "|---|"
	for _, k := range c.shown() {
		head, rule = head+" "+k.head+" |", rule+":-:|"
	}
	fmt.Fprintf(w, "%s\n%s\n", head, rule)
	for _, e := range c.locks {
		line := "| `" + e.Name + "` |"
		for _, k := range c.shown() {
			line += " " + k.in(e, c) + " |"
		}
		fmt.Fprintln(w, line)
	}
	_, err := fmt.Fprintf(w, "\n%s", legend)
	return err
}

// A compared is a verdict as data.
type compared struct {
	Lock        string   `json:"lock"`
	Property    string   `json:"property"`
	Environment string   `json:"environment"`
	Start       string   `json:"start"`
	Verdict     string   `json:"verdict"`
	Claimed     bool     `json:"claimed"`
	Shapes      []string `json:"shapes"` // that were covered, up to the one that violates it
	States      int      `json:"states"`
	Transitions int      `json:"transitions"`
	Contended   int      `json:"contended"` // steps of an acquire while another client held the lock
	Clients     int      `json:"clients"`   // of the smallest case, as are these:
	Faults      int      `json:"faults"`
	Switches    int      `json:"switches"`
	Steps       int      `json:"steps"`
	Why         string   `json:"why,omitempty"`
	Documents   bool     `json:"documents"` // the rules are from documents: not confirmed on Linux
}

// compared returns the verdicts as data, in the order of the cells.
func (c *comparison) compared() ([]compared, error) {
	var all []compared
	for _, at := range c.cells {
		a := c.found[at]
		e := c.locks[slices.IndexFunc(c.locks, func(e lock.Entry) bool { return e.Name == at.lock })]
		r := compared{
			Lock: at.lock, Property: at.property, Environment: at.environment, Start: at.start,
			Documents: at.env().documented(), Verdict: a.Verdict, Claimed: slices.Contains(e.Claims, at.property),
			States: a.States, Transitions: a.Transitions, Contended: a.Contended, Why: a.Why,
		}
		plans, err := at.plans(e, c.extent)
		if err != nil {
			return nil, err
		}
		if verdict(a.Verdict) == model.Violated {
			plans = plans[:a.Trial+1]
		}
		for _, p := range plans {
			r.Shapes = append(r.Shapes, p.Shape)
		}
		if a.Found != nil {
			s, err := a.Found.unpack()
			if err != nil {
				return nil, err
			}
			r.Clients, r.Faults = len(s.Trial.Clients), s.Trial.Budget.Total()
			r.Switches, r.Steps, r.Why = search.Switches(s.Steps), len(s.Steps), s.Why
		}
		all = append(all, r)
	}
	return all, nil
}

func tellJSON(w io.Writer, c *comparison) error {
	all, err := c.compared()
	enc := json.NewEncoder(w)
	for _, r := range all {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return err
}

func tellCSV(w io.Writer, c *comparison) error {
	all, err := c.compared()
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	_ = out.Write([]string{"lock", "property", "environment", "start", "verdict", "claimed", "shapes",
		"states", "transitions", "contended", "clients", "faults", "switches", "steps", "why", "documents"})
	for _, r := range all {
		row := []string{r.Lock, r.Property, r.Environment, r.Start, r.Verdict, strconv.FormatBool(r.Claimed), strings.Join(r.Shapes, "; ")}
		for _, n := range []int{r.States, r.Transitions, r.Contended, r.Clients, r.Faults, r.Switches, r.Steps} {
			row = append(row, strconv.Itoa(n))
		}
		_ = out.Write(append(row, r.Why, strconv.FormatBool(r.Documents)))
	}
	out.Flush()
	return out.Error()
}
