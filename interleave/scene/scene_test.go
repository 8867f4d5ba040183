package scene_test

import (
	"testing"
	"time"

	"github.com/ghostlock/ghostlock/interleave/scene"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/lock"
)

func TestWhatClientsDoComesFromTheSceneAndTheLock(t *testing.T) {
	two := scene.Shape{Clients: 2, Acquires: 1}
	for _, test := range []struct {
		about  string
		scene  scene.Scene
		shape  scene.Shape
		wanted []string
	}{
		{"each step takes no time", scene.Scene{}, scene.Shape{Clients: 1, Acquires: 2},
			[]string{"p0: lock inside unlock lock inside unlock"}},
		{"holders work", scene.Scene{Work: 31 * time.Second}, two,
			[]string{"p0: lock work 31s unlock", "p1: lock work 31s unlock"}},
		{"and the others come late", scene.Scene{Work: 31 * time.Second}, scene.Shape{Clients: 2, Acquires: 1, Late: true},
			[]string{"p0: lock work 31s unlock", "p1: rest 30s lock work 31s unlock"}},
		{"some share a process", scene.Scene{}, scene.Shape{Clients: 3, Acquires: 1, Threads: 2},
			[]string{"p0.a: lock inside unlock", "p0.b: lock inside unlock", "p1: lock inside unlock"}},
		{"holders start a program", scene.Scene{Spawns: true}, scene.Shape{Clients: 1, Acquires: 1},
			[]string{"p0: lock spawn inside unlock"}},
		{"data is guarded", scene.Scene{Property: model.UpdateName, Work: time.Second}, scene.Shape{Clients: 1, Acquires: 1},
			[]string{"p0: lock read work 1s write unlock"}},
		{"a probe asks again and again", scene.Scene{Property: model.RecoveryName}, scene.Shape{Clients: 1, Acquires: 1},
			[]string{"p0: lock inside unlock", "p1: lock inside unlock lock inside unlock lock inside unlock"}},
		{"a probe tries once", scene.Scene{Property: model.PhantomName}, scene.Shape{Clients: 1, Acquires: 1},
			[]string{"p0: lock inside unlock", "p1: trylock inside unlock"}},
		{"the lock says how it is used", scene.Scene{Lock: with("lock upgrade inside unlock", "", false)}, scene.Shape{Clients: 1, Acquires: 1},
			[]string{"p0: lock upgrade inside unlock"}},
		{"somebody beside the clients", scene.Scene{Lock: with("", "clean", false)}, two,
			[]string{"p0: lock inside unlock", "p1: lock inside unlock", "p2: clean"}},
		{"somebody within the first's process", scene.Scene{Lock: with("", "visit", true)}, two,
			[]string{"p0.a: lock inside unlock", "p0.b: visit", "p1: lock inside unlock"}},
	} {
		clients, err := test.scene.Clients(test.shape)
		if err != nil {
			t.Fatalf("%s: %v", test.about, err)
		}
		if len(clients) != len(test.wanted) {
			t.Fatalf("%s: found %v, wanted %q", test.about, clients, test.wanted)
		}
		names := (&trial.Trial{Clients: clients}).Names()
		for i, c := range clients {
			if found := names[i] + ": " + c.Work.String(); found != test.wanted[i] {
				t.Errorf("%s: found %s, wanted %s", test.about, found, test.wanted[i])
			}
		}
	}
}

func with(acquisition, beside string, within bool) lock.Entry {
	return lock.Entry{Setting: lock.Setting{Acquisition: acquisition, Beside: beside, Within: within}}
}

func TestASettingThatCannotBeReadIsNamed(t *testing.T) {
	broken := with("lock dance unlock", "", false)
	broken.Name = "jig"
	if _, err := (scene.Scene{Lock: broken}).Clients(scene.Shapes()[0]); err == nil {
		t.Error("found no error")
	} else if found := err.Error(); found[:len("setting of jig: ")] != "setting of jig: " {
		t.Errorf("found %q", found)
	}
}

// Every lock's setting can be read, in every shape that suits it.
func TestEveryLockHasClientsInEveryShape(t *testing.T) {
	for _, e := range lock.All() {
		for _, p := range model.Properties() {
			sc := scene.Scene{Lock: e, Property: p.Name, Work: time.Minute}
			for _, s := range sc.Shapes(scene.Shapes()) {
				clients, err := sc.Clients(s)
				if err != nil {
					t.Fatal(err)
				}
				tr := trial.Trial{Lock: e, Config: e.Defaults, Clients: clients}
				if err := tr.Validate(); err != nil {
					t.Errorf("%s, %s, %s: %v", e.Name, p.Name, s, err)
				}
			}
		}
	}
}

func TestWhoLeavesItsProcessToAChildIsAloneThere(t *testing.T) {
	sc := scene.Scene{Lock: with("lock daemon inside unlock", "", false)}
	for _, s := range sc.Shapes(scene.Shapes()) {
		if s.Threads > 1 {
			t.Errorf("found %s", s)
		}
	}
	if n := len(sc.Shapes(scene.Shapes())); n != 2 {
		t.Errorf("found %d shapes, wanted 2", n)
	}
}
