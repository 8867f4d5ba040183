package lock_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/sut/lock"
)

// Families stand together, in the order of their versions, and those of the seed
// documents come first.
func TestRegistryOrder(t *testing.T) {
	var names []string
	for _, e := range lock.All() {
		names = append(names, e.Name)
	}
	wanted := []string{"posixage-v0", "posixage-v1", "posixage-v2a", "posixage-v2", "ctx-v0"}
	if len(names) < 80 || !slices.Equal(names[:len(wanted)], wanted) {
		t.Errorf("found %d locks %v, wanted more than 80 that begin with %v", len(names), names, wanted)
	}
}

// properties are package model's, which is not to be imported here.
var properties = []string{"exclusion", "update", "recovery", "ownership", "honesty", "patience", "phantom", "disclosure"}

func TestRegistryIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range lock.All() {
		if e.Name == "" || e.Name != strings.ToLower(e.Name) || strings.ContainsAny(e.Name, " =\t") {
			t.Errorf("found name %q, wanted one lower-case word", e.Name)
		}
		if seen[e.Name] {
			t.Errorf("%s is there twice", e.Name)
		}
		seen[e.Name] = true
		if e.About == "" || e.Source == "" || strings.Contains(e.About+e.Source, "\n") {
			t.Errorf("%s: found about %q and source %q, wanted a line each", e.Name, e.About, e.Source)
		}
		if len(e.Claims) == 0 {
			t.Errorf("%s claims nothing", e.Name)
		}
		for _, c := range e.Claims {
			if !slices.Contains(properties, c) {
				t.Errorf("%s claims %q, wanted some of %s", e.Name, c, properties)
			}
		}
		if e.New == nil || e.New(e.Defaults) == nil {
			t.Errorf("%s makes no lock", e.Name)
		}
	}
}

// All gives its caller a slice of the caller's own.
func TestAllIsACopy(t *testing.T) {
	lock.All()[0].Name = "changed"
	if found := lock.All()[0].Name; found != "posixage-v0" {
		t.Errorf("found %s after a change of the copy", found)
	}
}

func TestFind(t *testing.T) {
	for _, wanted := range lock.All() {
		found, err := lock.Find(wanted.Name)
		if err != nil || found.Name != wanted.Name {
			t.Errorf("Find(%q): found %q, %v", wanted.Name, found.Name, err)
		}
	}
}

func TestFindSuggests(t *testing.T) {
	all := fmt.Sprintf("wanted one of the %d on the list", len(lock.All()))
	for _, test := range []struct{ name, wanted string }{
		{"ktstr-blok", `found lock "ktstr-blok", wanted perhaps ktstr-block`},
		{"pact-sidecars", `found lock "pact-sidecars", wanted perhaps pact-sidecar`},
		{"posixage-v2b", `found lock "posixage-v2b", wanted one of posixage-v2a, posixage-v2`},
		{"posixage-v3", `found lock "posixage-v3", wanted one of posixage-v0, posixage-v1, posixage-v2`},
		{"ctx-v3", `found lock "ctx-v3", wanted one of ctx-v0, ctx-v2, ctx-v1`},
		{"Ctx-V2", `found lock "Ctx-V2", wanted perhaps ctx-v2`},
		{"zzz", `found lock "zzz", ` + all},
		{"", `found lock "", ` + all},
	} {
		_, err := lock.Find(test.name)
		if err == nil || err.Error() != test.wanted {
			t.Errorf("Find(%q): found %v, wanted %s", test.name, err, test.wanted)
		}
	}
}

func TestConfigRoundTrip(t *testing.T) {
	for _, e := range lock.All() {
		c := e.Defaults
		words := strings.Fields(c.String())
		if err := c.Set(words); err != nil || c != e.Defaults {
			t.Errorf("%s: found %q, %v after setting %q", e.Name, c, err, e.Defaults)
		}
	}
	full := lock.Config{Stale: 90 * time.Second, Heartbeat: 2 * time.Second, Poll: 1500 * time.Microsecond, PollMax: time.Millisecond, Timeout: 5 * time.Second}
	if found, wanted := full.String(), "stale=90s heartbeat=2s poll=1.5ms pollmax=1ms timeout=5s"; found != wanted {
		t.Errorf("found %q, wanted %q", found, wanted)
	}
}

func TestConfigSet(t *testing.T) {
	c := lock.Config{Stale: 30 * time.Second, Poll: 10 * time.Millisecond}
	if err := c.Set([]string{"stale=3s", "poll=1ms"}); err != nil {
		t.Fatal(err)
	}
	if wanted := (lock.Config{Stale: 3 * time.Second, Poll: time.Millisecond}); c != wanted {
		t.Errorf("found %q, wanted %q", c, wanted)
	}
}

func TestConfigErrors(t *testing.T) {
	polling := lock.Config{Stale: 30 * time.Second, Poll: 10 * time.Millisecond}
	for _, test := range []struct {
		config       lock.Config
		word, wanted string
	}{
		{polling, "heartbeat=1s", `found setting "heartbeat", wanted one of stale, poll`},
		{polling, "speed=1s", `found setting "speed", wanted one of stale, poll`},
		{polling, "stale", `found "stale", wanted a duration above 0 such as stale=30s`},
		{polling, "stale=fast", `found "stale=fast", wanted a duration above 0 such as stale=30s`},
		{polling, "poll=0s", `found "poll=0s", wanted a duration above 0 such as poll=30s`},
		{polling, "poll=-1s", `found "poll=-1s", wanted a duration above 0 such as poll=30s`},
		{lock.Config{}, "stale=1s", `found setting "stale", but this lock has no durations to set`},
	} {
		before := test.config
		err := test.config.Set([]string{test.word})
		if err == nil || err.Error() != test.wanted {
			t.Errorf("Set(%q): found %v, wanted %s", test.word, err, test.wanted)
		}
		if test.config != before {
			t.Errorf("Set(%q): found %q after the error", test.word, test.config)
		}
	}
}
