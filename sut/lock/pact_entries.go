package lock

import "time"

var (
	// pactPatient are the durations of file_lock in all its versions.
	pactPatient = Config{Poll: 100 * time.Millisecond, Timeout: 5 * time.Second}

	// pactUpdating is what clients of those locks do that come with their data.
	pactUpdating = Setting{Acquisition: "lock read write unlock"}
)

// pactMoreEntries are the locks of PACT besides pact-sidecar, which skips the
// work where the time is up.
var pactMoreEntries = []Entry{
	{
		Name:     "pact-unresolved",
		About:    "as pact-sidecar, named after the guarded file as its caller spells it; half of them have an alias",
		Source:   "Synaptic-Labs-AI/PACT-Plugin, file_lock in hooks/shared/claude_md_manager.py, f1048947",
		Claims:   []string{"exclusion", "update", "honesty", "patience"},
		Waits:    true,
		Defaults: pactPatient,
		Setting:  pactUpdating,
		New:      func(c Config) Lock { return pactUnresolved{c} },
	},
	{
		Name:     "pact-leaf",
		About:    "as pact-sidecar, named after the guarded file with all links resolved; a write replaces a link",
		Source:   "Synaptic-Labs-AI/PACT-Plugin, file_lock in hooks/shared/claude_md_manager.py, 0be93d08",
		Claims:   []string{"exclusion", "update", "honesty", "patience"},
		Waits:    true,
		Defaults: pactPatient,
		Setting:  pactUpdating,
		New:      func(c Config) Lock { return pactLeaf{c} },
	},
	{
		Name:     "pact-parent",
		About:    "as pact-sidecar, named after the guarded file in its resolved directory; a write replaces a link",
		Source:   "Synaptic-Labs-AI/PACT-Plugin, file_lock in hooks/shared/claude_md_manager.py, 8ac78628",
		Claims:   []string{"exclusion", "update", "honesty", "patience"},
		Waits:    true,
		Defaults: pactPatient,
		Setting:  pactUpdating,
		New:      func(c Config) Lock { return pactParent{c} },
	},
	{
		Name:     "pact-ttl",
		About:    "as pact-sidecar, but removes a file of 30 s or older first",
		Source:   "Synaptic-Labs-AI/PACT-Plugin, issue #645, option A (proposed)",
		Claims:   []string{"exclusion", "recovery", "honesty", "patience"},
		Waits:    true,
		Defaults: Config{Stale: 30 * time.Second, Poll: pactPatient.Poll, Timeout: pactPatient.Timeout},
		New:      func(c Config) Lock { return pactTTL{c} },
	},
	{
		Name:     "pact-failopen",
		About:    "as pact-sidecar, but after 5 s, or an error, notes it in a journal and goes on without the lock",
		Source:   "Synaptic-Labs-AI/PACT-Plugin, issue #645, option B (proposed)",
		Claims:   []string{"honesty", "patience"},
		Waits:    true,
		Defaults: pactPatient,
		New:      func(c Config) Lock { return pactFailOpen{c} },
	},
	{
		Name:    "pact-inplace",
		About:   "flock on the data file; what is written reaches it when it is closed, after the unlock",
		Source:  "Synaptic-Labs-AI/PACT-Plugin, track_edit in hooks/file_tracker.py, 6ade0ba4",
		Claims:  []string{"exclusion", "update", "honesty"},
		Waits:   true,
		Setting: pactUpdating,
		New:     func(Config) Lock { return pactInPlace{} },
	},
	{
		Name:    "pact-journal",
		About:   "flock on the journal that is appended to; unbuffered",
		Source:  "Synaptic-Labs-AI/PACT-Plugin, _atomic_write in hooks/shared/session_journal.py, 6ade0ba4",
		Claims:  []string{"exclusion", "update", "honesty"},
		Waits:   true,
		Setting: pactUpdating,
		New:     func(Config) Lock { return pactJournal{} },
	},
	{
		Name:   "pact-poller",
		About:  "flock on a file that stays; one try, had for the life of the process",
		Source: "Synaptic-Labs-AI/PACT-Plugin, _try_acquire_lock in telegram/routing.py, 6ade0ba4",
		Claims: []string{"exclusion", "recovery"},
		New:    func(Config) Lock { return pactPoller{} },
	},
}
