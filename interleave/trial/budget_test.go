package trial_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/sut/sys"
	"pgregory.net/rapid"
)

func TestBudgetsRoundTrip(t *testing.T) {
	amount := rapid.IntRange(0, 99)
	rapid.Check(t, func(t *rapid.T) {
		b := trial.Budget{
			Kills: amount.Draw(t, "kills"), Pauses: amount.Draw(t, "pauses"), Jumps: amount.Draw(t, "jumps"),
			Errors: amount.Draw(t, "errors"), Unlinks: amount.Draw(t, "unlinks"), Walls: amount.Draw(t, "walls"),
		}
		if found, err := trial.ParseBudget(b.String()); err != nil || found != b {
			t.Fatalf("%s: found %s, %v", b, found, err)
		}
		if found := b.Total(); found != b.Kills+b.Pauses+b.Jumps+b.Errors+b.Unlinks+b.Walls {
			t.Fatalf("%s: found a total of %d", b, found)
		}
	})
}

func TestBudgetsTellWhatIsNotNothing(t *testing.T) {
	for wanted, b := range map[string]trial.Budget{
		"kills=0":          {},
		"kills=1 pauses=2": {Kills: 1, Pauses: 2},
		"jumps=3 errors=4": {Jumps: 3, Errors: 4},
		"unlinks=5":        {Unlinks: 5},
		"jumps=1 walls=2":  {Jumps: 1, Walls: 2},
	} {
		if found := b.String(); found != wanted {
			t.Errorf("found %s, wanted %s", found, wanted)
		}
	}
}

func TestBudgetErrors(t *testing.T) {
	const wanted = ", wanted each of kills, pauses, jumps, errors, unlinks, walls at most once, as in kills=1"
	for text, wanted := range map[string]string{
		"kill=1":          `found "kill=1"` + wanted,
		"kills":           `found "kills"` + wanted,
		"kills=one":       `found "kills=one"` + wanted,
		"kills=1 kills=2": `found "kills=2"` + wanted,
		"kills=-1":        "found kills=-1, wanted 0 to 99",
		"unlinks=100":     "found unlinks=100, wanted 0 to 99",
	} {
		if _, err := trial.ParseBudget(text); err == nil || err.Error() != wanted {
			t.Errorf("%s: found error %v, wanted %s", text, err, wanted)
		}
	}
}

func TestEachFaultSpendsItsOwn(t *testing.T) {
	for text, afterwards := range map[string]string{
		"kill p0":                         "pauses=1 jumps=1 errors=1 unlinks=1 walls=1",
		"pause p0":                        "kills=1 jumps=1 errors=1 unlinks=1 walls=1",
		"jump +1s":                        "kills=1 pauses=1 errors=1 unlinks=1 walls=1",
		"p0 close(3) = -1 EIO (fault)":    "kills=1 pauses=1 jumps=1 unlinks=1 walls=1",
		"wall +1s":                        "kills=1 pauses=1 jumps=1 errors=1 unlinks=1",
		"unlink l (outside)":              "kills=1 pauses=1 jumps=1 errors=1 walls=1",
		"time +1s":                        "kills=1 pauses=1 jumps=1 errors=1 unlinks=1 walls=1",
		"resume p0":                       "kills=1 pauses=1 jumps=1 errors=1 unlinks=1 walls=1",
		"p0 unlink(\"l\") = 0":            "kills=1 pauses=1 jumps=1 errors=1 unlinks=1 walls=1",
		"p0 open(\"l\", O_RDWR) = -1 EIO": "kills=1 pauses=1 jumps=1 errors=1 unlinks=1 walls=1",
	} {
		s, err := trial.ParseStep(text)
		if err != nil {
			t.Fatal(err)
		}
		left := trial.Budget{Kills: 1, Pauses: 1, Jumps: 1, Errors: 1, Unlinks: 1, Walls: 1}
		if !left.Spend(s) || left.String() != afterwards {
			t.Errorf("%s: found %s left, wanted %s", text, left, afterwards)
		}
		none := trial.Budget{}
		if free := left.Total() == 6; none.Spend(s) != free {
			t.Errorf("%s: found free %v, wanted %v", text, !free, free)
		}
	}
}

// The errors that can be injected, as the man pages have them.
func TestFaultsOfEachCall(t *testing.T) {
	for text, wanted := range map[string]string{
		`open("l", O_RDWR)`:               "EACCES EMFILE",
		`open("l", O_RDWR|O_CREAT, 0600)`: "EACCES EMFILE ENOSPC EROFS",
		`flock(3, LOCK_EX)`:               "EINTR ENOLCK",
		`flock(3, LOCK_EX|LOCK_NB)`:       "ENOLCK",
		`flock(3, LOCK_UN)`:               "ENOLCK",
		`dup(3)`:                          "EMFILE",
		`write(3, "x")`:                   "ENOSPC EIO",

		`fcntl(3, F_SETLK, {F_WRLCK, start=0, len=0})`:      "ENOLCK",
		`fcntl(3, F_SETLKW, {F_WRLCK, start=0, len=0})`:     "EINTR ENOLCK",
		`fcntl(3, F_OFD_SETLKW, {F_RDLCK, start=0, len=0})`: "EINTR ENOLCK",
		`fcntl(3, F_GETLK, {F_WRLCK, start=0, len=0})`:      "",
		`fcntl(3, F_OFD_GETLK, {F_WRLCK, start=0, len=0})`:  "",

		`read(3)`:          "EIO",
		`close(3)`:         "EIO",
		`unlink("l")`:      "EACCES EROFS",
		`mkdir("l", 0700)`: "EACCES ENOSPC EROFS",
		`utimes("l", 0s)`:  "EACCES",
		`load("l")`:        "",
		`store("l", "1")`:  "",
		`flock_held("l")`:  "",
		`alive(p1)`:        "",
		`get("c")`:         "",
		`fstat(3)`:         "",
		`inside()`:         "",
		`older(@0s, 1s)`:   "",
	} {
		c, err := sys.ParseCall(text)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, e := range trial.Faults(c) {
			found = append(found, e.Name())
		}
		if !slices.Equal(found, strings.Fields(wanted)) {
			t.Errorf("%s: found %v, wanted %s", text, found, wanted)
		}
	}
}

func TestTheBudgetsWithinOne(t *testing.T) {
	b := trial.Budget{Kills: 1, Jumps: 2, Walls: 1}
	for n, wanted := range []string{"[kills=0]", "[walls=1 jumps=1 kills=1]", "[jumps=1 walls=1 jumps=2 kills=1 walls=1 kills=1 jumps=1]"} {
		if found := fmt.Sprint(b.Of(n)); found != wanted {
			t.Errorf("%d: found %s, wanted %s", n, found, wanted)
		}
	}
}

func TestWhatAScheduleSpends(t *testing.T) {
	var steps []trial.Step
	for _, text := range []string{"wall +30s", "kill p0", "time +1s", "wall +30s", "p0 close(3) = -1 EIO (fault)", "p0 inside() = 0"} {
		s, err := trial.ParseStep(text)
		if err != nil {
			t.Fatal(err)
		}
		steps = append(steps, s)
	}
	if found := trial.Spent(steps).String(); found != "kills=1 errors=1 walls=2" {
		t.Errorf("found %s", found)
	}
}
