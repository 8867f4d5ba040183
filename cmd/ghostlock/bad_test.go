//go:build linux

package main

import (
	"os"
	"strings"
	"testing"
)

// A badInput is a command line that must be refused, with one line that says
// why. Its working directory has the files of badFiles.
type badInput struct {
	name string
	args string
	why  string
}

func TestBadInputIsRefusedInOneLine(t *testing.T) {
	for _, test := range badInputs {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			for name, text := range badFiles(t) {
				b.write(name, text)
			}
			var args []string
			for arg := range strings.FieldsSeq(test.args) {
				args = append(args, strings.Trim(arg, `"`))
			}
			b.refuses(test.why, args...)
		})
	}
}

// badFiles returns what the bad inputs name, by file name.
func badFiles(t *testing.T) map[string]string {
	good := orphanCase(t)
	// damaged is the case with one text in place of another.
	damaged := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s has no %q", orphan, old)
		}
		return strings.Replace(good, old, new, 1)
	}
	return map[string]string{
		"good":      good,
		"empty":     "",
		"truncated": good[:strings.Index(good, "p0 flock")+8],
		"headless":  good[:strings.Index(good, "-- verdict")],
		"binary":    "\x7fELF\x00\x01\xff" + good,
		"big":       strings.Repeat("# ten megabytes\n", 10<<20/16),
		"thread":    damaged("p1 close(3)", "p7 close(3)"),
		"kill":      damaged("p1 close(3) = 0", "kill p1"),
		"lock":      damaged("posixage-v1 ", "posixage-v9 "),
		"judge":     damaged("exclusion violated", "nonsense violated"),
		"newer":     damaged("case 1", "case 2"),
		"work":      damaged("p1: lock inside", "p1: lock dance"),
		"response":  `{"type":"ok","process":0,"f":"lock","value":null,"index":0,"time":0}` + "\n",
		"notjson":   "lock ok\n",
		"cutjson":   `{"type":"invoke","process":0,"f":"lo`,
	}
}

var badInputs = []badInput{
	{"an unknown lock", "fuzz posixage-v9", "wanted one of posixage-v0, posixage-v1, posixage-v2"},
	{"a misspelt lock", "fuzz ktstr-blok", "wanted perhaps ktstr-block"},
	{"an unknown lock behind a known one", "fuzz ktstr-try nope", `found lock "nope", wanted one of`},
	{"a lock without a name", `fuzz ""`, `found lock "", wanted one of`},
	{"an unknown lock to stress", "stress nope", `found lock "nope"`},

	{"an empty case", "replay empty", "empty: found an empty file, wanted a case"},
	{"a truncated case", "replay truncated", "truncated:16: step 2: found"},
	{"a case without a verdict", "replay headless", `the file's end, wanted section "verdict"`},
	{"a binary case", "replay binary", "binary: found binary data, wanted a case"},
	{"a case of ten megabytes", "replay big", "big: found more than 1048576 bytes, wanted a case"},
	{"a missing case", "replay missing", "read missing: no such file or directory"},
	{"a directory as a case", "replay .", "read .: is a directory"},
	{"a bad case behind a good one", "replay good empty", "empty: found an empty file"},
	{"a schedule of a thread that is not there", "replay thread", "thread:20: step 6: found thread p7, wanted p0, p1"},
	{"a schedule that kills more than the environment may", "replay kill", `kill:20: step 6: found "kill p1", but the environment allows only kills=0`},
	{"a case of an unknown lock", "replay lock", `lock:4: found lock "posixage-v9", wanted one of posixage-v0`},
	{"a case of an unknown property", "replay judge", `judge: found property "nonsense", wanted one of exclusion`},
	{"a case of a newer ghostlock", "replay newer", "it was written by a newer ghostlock"},
	{"a case of an unknown workload", "replay work", "work:11: found"},
	{"no case at all", "replay", "found 0 arguments, wanted: ghostlock replay CASE..."},

	{"a response without an invocation", "verify response", "response:1: found ok of p0's lock, wanted an invocation"},
	{"an empty history", "verify empty", "empty:1: found an empty file"},
	{"a history that is not JSON", "verify notjson", "notjson:1: found"},
	{"a history that was cut off", "verify cutjson", "cutjson:1: found the end of the file within a line"},
	{"a missing history", "verify missing", "read missing: no such file or directory"},
	{"a directory as a history", "verify .", "read .: is a directory"},
	{"two histories", "verify response response", "found 2 arguments, wanted: ghostlock verify HISTORY"},
	{"no time to judge", "verify response --for 0", "found --for 0s, wanted more than 0"},

	{"an unknown command", "nope", `unknown command "nope" for "ghostlock", wanted one of check, compare, explore, fuzz,`},
	{"a misspelt command", "fuz", `unknown command "fuz" for "ghostlock", wanted one of check, compare, explore, fuzz,`},
	{"help for an unknown command", "help nope", `unknown command "nope" for "ghostlock", wanted one of check, compare, explore, fuzz,`},
	{"an unknown flag", "fuzz --nope", "unknown flag: --nope (ghostlock fuzz --help lists the flags)"},
	{"an unknown short flag", "list -x", "unknown shorthand flag: 'x' in -x"},
	{"a flag without its value", "fuzz --for", "flag needs an argument: --for"},
	{"an argument that list does not take", "list nope", "found 1 argument, wanted: ghostlock list"},
	{"nothing to stress", "stress", "found 0 arguments, wanted: ghostlock stress LOCK"},

	{"an unknown property", "fuzz --property nope", `found property "nope", wanted one of exclusion, update, recovery,`},
	{"an unknown kernel", "fuzz --kernel nope", "found --kernel nope, wanted linux or sim"},
	{"an unknown kernel to replay on", "replay good --kernel nope", "found --kernel nope, wanted linux or sim"},
	{"an unknown chooser", "fuzz --by nope", `--by: found chooser "nope", wanted one of pos, random, pct:3, round-robin, rapid`},
	{"a chooser with a bad depth", "fuzz --by pct:0", "wanted a depth from 1 to 20 such as pct:3"},
	{"an unknown pattern", "fuzz --pattern nope", "found --pattern nope, wanted one of orphan, hijack"},
	{"an unknown start", "fuzz --start nope", `found start "nope", wanted one of none, idle, leftover`},
	{"an unknown start of stress", "stress ktstr-try --start nope", `found start "nope", wanted one of none, idle, leftover`},
	{"a setting that the lock has not", "fuzz posixage-v1 ktstr-try --set stale=3s", `--set for ktstr-try: found setting "stale"`},
	{"a setting without a value", "fuzz posixage-v1 --set stale", `--set for posixage-v1: found "stale", wanted a duration above 0`},
	{"a negative setting", "fuzz posixage-v1 --set stale=-3s", `found "stale=-3s", wanted a duration above 0`},

	{"no time", "fuzz --for 0", "found --for 0s, wanted more than 0"},
	{"negative time", "fuzz --for -1s", "found --for -1s, wanted more than 0"},
	{"time that is none", "fuzz --for soon", `found --for "soon", wanted a duration such as 30s or 5m`},
	{"negative clients", "fuzz --clients -1", "found --clients -1, wanted 1 to 26"},
	{"too many clients", "fuzz --clients 27", "found --clients 27, wanted 1 to 26"},
	{"clients that are no number", "fuzz --clients two", `found --clients "two", wanted a whole number`},
	{"no acquires", "fuzz --acquires 0", "found --acquires 0, wanted 1 to 20"},
	{"negative threads", "fuzz --threads -1", "found --threads -1, wanted 0 to 3"},
	{"more threads than clients", "fuzz --clients 2 --threads 3", "found --threads 3, wanted 0 to 2"},
	{"negative kills", "fuzz --kills -1", "found kills=-1, wanted 0 to 99"},
	{"too many jumps", "fuzz --jumps 100", "found jumps=100, wanted 0 to 99"},
	{"negative work", "fuzz --work -1s", "found --work -1s, wanted no less than 0"},
	{"negative runs", "fuzz --runs -1", "found --runs -1, wanted more than 0, or 0 for no bound"},
	{"negative confirmations", "fuzz --confirm -1", "found --confirm -1, wanted no less than 0"},
	{"a negative seed", "fuzz --seed -1", `found --seed "-1", wanted a whole number, 0 or more`},
	{"no replays", "replay good --times 0", "found --times 0, wanted 1 or more"},
	{"an unknown lock to check", "check nope", `found lock "nope"`},
	{"an update of one lock", "check ktstr-try --update", "found --update with ktstr-try, wanted no lock"},
	{"no time to confirm", "check --full --for 0s", "found --for 0s, wanted more than 0"},
	{"an update of large shapes", "check --large --update", "found --update with --large, wanted one of them"},
	{"everything confirmed in memory", "check --full --kernel sim", "found --full with --kernel sim, wanted linux"},
	{"no time of stress", "stress ktstr-try --for 0", "found --for 0s, wanted more than 0"},
	{"negative rounds", "stress ktstr-try --rounds -1", "found --rounds -1, wanted 1 or more"},
	{"a negative delay", "stress ktstr-try --delay -1s", "found --delay -1s, wanted no less than 0"},
	{"no threads of stress", "stress ktstr-try --threads 0", "found --threads 0, wanted 1 to 26"},

	{"nothing to explore", "explore", "found 0 arguments, wanted: ghostlock explore LOCK..."},
	{"an unknown lock to explore", "explore nope", `found lock "nope", wanted one of`},
	{"an unknown start of explore", "explore ktstr-try --start nope", `found start "nope", wanted one of none, idle, leftover`},
	{"an unknown kernel of explore", "explore ktstr-try --kernel nope", "found --kernel nope, wanted both, sim or linux"},
	{"a setting that the explored lock has not", "explore ktstr-try --set stale=3s", `--set for ktstr-try: found setting "stale"`},
	{"threads without clients enough", "explore ktstr-try --clients 2 --threads 3", "found --threads 3, wanted 0 to 2"},
	{"a proof in memory", "explore ktstr-try --kernel sim --confirm-holds", "found --confirm-holds with --kernel sim, wanted both"},
	{"honesty by traces", "explore ktstr-try --kernel linux --property honesty", "found --kernel linux with --property honesty, wanted exclusion"},
	{"a depth of traces", "explore ktstr-try --kernel linux --depth 3", "found --kernel linux with --depth or --switches"},
	{"negative switches", "explore ktstr-try --switches -1", "found --switches -1, wanted no less than 0"},
	{"a negative depth", "explore ktstr-try --depth -1", "found --depth -1, wanted more than 0"},
	{"two bounds at once", "explore ktstr-try --depth 1 --switches 1", "found --switches and --depth, wanted one of them"},
	{"a memory that is none", "explore ktstr-try --memory much", `found --memory "much", wanted a size such as 512MiB or 4GiB`},
	{"too little memory", "explore ktstr-try --memory 1M", "found --memory 1MiB, wanted 64MiB or more"},
	{"no time to explore", "explore ktstr-try --for 0", "found --for 0s, wanted more than 0"},
	{"no processor", "explore ktstr-try --cpus 0", "found --cpus 0, wanted 1 or more"},

	{"check outside the repository", "check", "read testdata/verdicts.txt: no such file or directory (run check in the repository"},
}

func TestGarbledVerdictsAreRefusedInOneLine(t *testing.T) {
	stored, err := os.ReadFile("../../testdata/verdicts.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, text, why string }{
		{"an empty file", "", "verdicts.txt: found no line for posixage-v0 exclusion"},
		{"garbage", "\x00\xff\n", "verdicts.txt:1: found"},
		{"a word too few", "ktstr-try exclusion\n", `verdicts.txt:1: found "ktstr-try exclusion", wanted LOCK PROPERTY ENVIRONMENT START VERDICT`},
		{"an unknown lock", "nope exclusion calm none holds\n", `verdicts.txt:1: found lock "nope"`},
		{"an unknown property", "ktstr-try nope calm none holds\n", `verdicts.txt:1: found property "nope"`},
		{"an unknown environment", "ktstr-try exclusion windy none holds\n", `verdicts.txt:1: found environment "windy", wanted one of calm, kill, long, pause`},
		{"an unknown start", "ktstr-try exclusion calm never holds\n", `verdicts.txt:1: found start "never", wanted one of none, idle, leftover`},
		{"an unknown verdict", "ktstr-try exclusion calm none perhaps\n", `verdicts.txt:1: found verdict "perhaps", wanted holds, violated or undecided`},
		{"a case of what holds", "ktstr-try exclusion calm none holds orphan.txt\n", "verdicts.txt:1: found holds with a case, wanted none"},
		{"a violation without a case", "ktstr-try exclusion calm none violated\n", "verdicts.txt:1: found violated without a case"},
		{"a case that is missing", "posixage-v1 exclusion calm idle violated none.txt\n", "read data/cases/none.txt: no such file or directory"},
		{"a case of another lock", "ktstr-try exclusion calm none violated orphan.txt\n", "verdicts.txt:1: found orphan.txt, a case of posixage-v1 exclusion violated"},
		{"a line twice", "ctx-v2 exclusion calm none holds\nctx-v2 exclusion calm none holds\n", "verdicts.txt:2: found ctx-v2 exclusion calm none a second time"},
		{"a missing lock", without(string(stored), "ktstr-block"), "found no line for ktstr-block exclusion calm none"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.copyData()
			b.write("data/cases/orphan.txt", orphanCase(t))
			b.write("data/verdicts.txt", test.text)
			b.refuses(test.why, "check", "--testdata", "data")
		})
	}
}

// without returns the text without the lines that begin so.
func without(text, prefix string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, prefix) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
