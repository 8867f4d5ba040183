package mutate

import (
	"slices"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A sighting is what was seen of a site, in all runs together.
type sighting struct {
	site
	flags  int                // of open and rename, all that were given
	failed map[sys.Errno]bool // what it was answered with
	again  bool               // the same was asked before
	wrote  bool               // the code had written to the file before
	locked bool               // and had a lock on it
}

// sightings are the sites where code was seen.
type sightings map[site]*sighting

func (all sightings) at(a site) *sighting {
	if all[a] == nil {
		all[a] = &sighting{site: a, failed: map[sys.Errno]bool{}}
	}
	return all[a]
}

// add takes a call and its answer in, that the seam does not remember yet.
func (all sightings) add(s *seam, a site, c sys.Call, r sys.Ret) {
	g, m := all.at(a), s.memory
	path := m.pathOf(c)
	_, again := m.before(a, c)
	_, wrote := m.wrote[path]
	g.again, g.wrote, g.locked = g.again || again, g.wrote || wrote, g.locked || m.locked[path]
	if r.Err != 0 {
		g.failed[r.Err] = true
	}
	if c.Op == sys.OpOpen || c.Op == sys.OpRename {
		g.flags |= c.Flags
	}
}

// sorted returns the sightings in the order of their sites.
func (all sightings) sorted() []*sighting {
	list := make([]*sighting, 0, len(all))
	for _, g := range all {
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *sighting) int { return order(a.site, b.site) })
	return list
}

// timed reports whether the code looks at a clock, or waits for one.
func (all sightings) timed() bool {
	for a := range all {
		switch a.op {
		case sys.OpSleep, sys.OpDeadline, sys.OpExpired, sys.OpOlder, sys.OpSame, sys.OpCancelled, sys.OpUtimes:
			return true
		}
	}
	return false
}
