package interleave

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A Strategy makes choosers, one a run.
type Strategy struct {
	Name  string
	About string

	// New returns the chooser of the next run; steps is about how many steps
	// the runs take.
	New func(rng *rand.Rand, steps int) Chooser
}

// Strategies lists the choosers that draw at random, the default first. pct
// stands for one strategy a depth: pct:2, pct:3, …
func Strategies() []Strategy {
	return []Strategy{
		{"pos", "partial order sampling (Yuan et al., CAV 2018)",
			func(rng *rand.Rand, _ int) Chooser { return NewPOS(rng) }},
		{"random", "every thread alike at each step",
			func(rng *rand.Rand, _ int) Chooser { return NewRandom(rng) }},
		pctStrategy(3),
		{"round-robin", "a step each, in turn; one schedule only",
			func(*rand.Rand, int) Chooser { return RoundRobin{} }},
	}
}

func pctStrategy(depth int) Strategy {
	return Strategy{fmt.Sprintf("pct:%d", depth), "priorities with depth-1 changes (Burckhardt et al., ASPLOS 2010); any depth",
		func(rng *rand.Rand, steps int) Chooser { return NewPCT(rng, depth, steps) }}
}

// maxDepth bounds PCT's depth. No bug of a file lock is known that is deeper.
const maxDepth = 20

// StrategyByName returns the strategy with that name.
func StrategyByName(name string) (Strategy, error) {
	var names []string
	for _, s := range Strategies() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	if digits, ok := strings.CutPrefix(name, "pct:"); ok {
		depth, err := strconv.Atoi(digits)
		if err != nil || depth < 1 || depth > maxDepth {
			return Strategy{}, fmt.Errorf("found chooser %q, wanted a depth from 1 to %d such as pct:3", name, maxDepth)
		}
		return pctStrategy(depth), nil
	}
	return Strategy{}, fmt.Errorf("found chooser %q, wanted one of %s", name, strings.Join(names, ", "))
}
