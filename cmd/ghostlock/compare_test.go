//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/sut/lock"
)

// seeds are the arguments of a table that takes a moment.
var seeds = []string{"compare", "ctx-v0", "ctx-v2", "--environment", "calm,kill", "--property", "exclusion,recovery"}

func TestCompareMakesOneTable(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out := b.ends(0, seeds...).stdout
	for _, wanted := range []string{
		"                     fresh old kill recovery\n",
		"ctx-v0               V     V   V    v\n",
		"ctx-v2               h     h   h    v\n",
		"V though its authors claim it",
	} {
		if !strings.Contains(out, wanted) {
			t.Errorf("wanted %q in\n%s", wanted, out)
		}
	}
	if again := b.ends(0, append(seeds, "--format", "markdown")...).stdout; !strings.Contains(again, "| `ctx-v2` | h | h | h | v |") {
		t.Errorf("found\n%s", again)
	}
}

func TestCompareTellsEachVerdictAsData(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	rows, err := csv.NewReader(strings.NewReader(b.ends(0, append(seeds, "--format", "csv")...).stdout)).ReadAll()
	if err != nil || len(rows) != 1+2*(2+1)*3 {
		t.Fatalf("found %d rows, %v", len(rows), err)
	}
	if found := strings.Join(rows[1][:7], ","); found != "ctx-v0,exclusion,calm,none,violated,true,2 clients, 2 acquires each" {
		t.Errorf("found %s", found)
	}
	for _, row := range rows[1:] {
		if violated := row[4] == "violated"; violated != (row[13] != "0") || violated != (row[14] != "") {
			t.Errorf("found %s, wanted the size of a case where it is violated", row)
		}
	}
	json := b.ends(0, append(seeds, "--format", "json", "--start", "none")...).stdout
	if n := strings.Count(json, "\n"); n != 6 || !strings.Contains(json, `"lock":"ctx-v2","property":"recovery","environment":"kill","start":"none","verdict":"violated","claimed":false`) {
		t.Errorf("found %d lines\n%s", n, json)
	}
}

// What is known is not asked again; what could not be read is.
func TestAnswersAreKeptByWhatTheyAreTo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	asked := func() int {
		t.Helper()
		c, err := openCache(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer c.close()
		table := &tabling{find: lock.Find, findings: true, cache: c}
		wanted := []cell{{"ctx-v0", "exclusion", "calm", "none"}, {"ctx-v2", "exclusion", "calm", "none"}}
		if err := table.compute(context.Background(), wanted); err != nil || len(table.failed) > 0 {
			t.Fatal(err, table.failed)
		}
		if v := table.found[wanted[0]].Verdict + table.found[wanted[1]].Verdict; v != "violatedholds" {
			t.Errorf("found %s", v)
		}
		return table.asked
	}
	if first, second := asked(), asked(); first != 2 || second != 0 {
		t.Errorf("asked %d times, and then %d, wanted 2 and 0", first, second)
	}
	files, err := filepath.Glob(dir + "/*.jsonl")
	if err != nil || len(files) != 1 {
		t.Fatalf("found %v, %v, wanted one file", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(bytes.TrimSpace(text), '\n')
	if err := os.WriteFile(files[0], text[:last+20], 0o644); err != nil { // as a run leaves it that was killed
		t.Fatal(err)
	}
	if third, fourth := asked(), asked(); third != 1 || fourth != 0 {
		t.Errorf("asked %d times, and then %d, wanted 1 and 0", third, fourth)
	}
}

func TestALocksVersionIsOfItsCodeAndOfWhatIsAsked(t *testing.T) {
	t.Parallel()
	c, err := openCache("")
	if err != nil {
		t.Fatal(err)
	}
	excl, err := lock.Find("excl")
	if err != nil {
		t.Fatal(err)
	}
	busier, other := excl, excl
	busier.Setting.Acquisition = "lock inside inside unlock"
	other.Name = "mkdir"
	var versions [4]string
	for i, e := range []lock.Entry{excl, excl, busier, other} {
		if versions[i], err = c.version(e); err != nil {
			t.Fatal(err)
		}
	}
	if versions[0] != versions[1] {
		t.Errorf("found the versions %s and %s of one lock", versions[0], versions[1])
	}
	if versions[0] == versions[2] || versions[0] == versions[3] {
		t.Errorf("found the version %s of excl, of another use of it, or of mkdir", versions[0])
	}
}

func TestCompareRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, test := range []struct {
		args   []string
		wanted string
	}{
		{[]string{"--format", "html"}, "found --format html, wanted text, markdown, csv or json"},
		{[]string{"--property", "beauty"}, "found --property beauty, wanted some of exclusion, update, "},
		{[]string{"--environment", "storm"}, "found --environment storm, wanted some of calm, kill, "},
		{[]string{"--start", "cold"}, "found --start cold, wanted some of none, idle, leftover"},
		{[]string{"--environment", "calm", "--property", "recovery"}, "found no verdict to compute"},
		{[]string{"ctx-v9"}, `found lock "ctx-v9", wanted`},
		{[]string{"--cache", "/dev/null/x"}, "make the cache"},
		{[]string{"--costs", "--format", "markdown"}, "found --format markdown with --costs, wanted text, csv or json"},
	} {
		if out := b.ends(exitFailed, append([]string{"compare"}, test.args...)...); !strings.Contains(out.stderr, test.wanted) || out.stdout != "" {
			t.Errorf("%v: found %s%s", test.args, out.stdout, out.stderr)
		}
	}
}
