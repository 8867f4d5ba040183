package main

import (
	"fmt"
	"slices"

	"github.com/ghostlock/ghostlock/interleave"
	"github.com/ghostlock/ghostlock/interleave/trial"
	"github.com/ghostlock/ghostlock/model"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// fits says why the case does not prove the cell's verdict: it begins with other
// files, or needs what the environment does not allow.
func (c cell) fits(stored *trial.Case) error {
	t := stored.Trial
	p, err := model.PropertyByName(c.property)
	if err != nil {
		return err
	}
	start, err := interleave.MakeStart(c.start, &t)
	if err != nil {
		return err
	}
	if !slices.Equal(start, t.Start) {
		return fmt.Errorf("found a case with other files at the start, wanted those of %s", c.start)
	}
	env := c.env()
	// What shows what a probe is told, or how an acquire goes on alone, is no
	// fault of the environment's.
	if most := env.budget; !p.Probes && c.property != model.PatienceName && t.Budget.Within(most) != t.Budget {
		return fmt.Errorf("found a case with %s, wanted no more than %s of the environment %s", t.Budget, most, env.name)
	}
	if !slices.Contains(env.clocks(), t.Skew) {
		return fmt.Errorf("found a case with another clock on the file server than in the environment %s", env.name)
	}
	if fs := env.fileSystem(); (env.documented() || sim.FromDocuments(stored.Profile)) && stored.Profile != fs {
		return fmt.Errorf("found a case on %s, wanted one on %s, as in the environment %s", stored.Profile, fs, env.name)
	}
	for _, client := range t.Clients {
		for _, a := range client.Work {
			if a.Verb.Lasts() && !env.long {
				return fmt.Errorf("found a case with %s, wanted none that takes time in the environment %s", a.Verb, env.name)
			}
		}
	}
	return nil
}
