package lock

import (
	"time"
)

// The locks of the flock family in which another thread, or another process
// than the holder's, has a part.
var flockMoreEntries = []Entry{
	{
		Name:    "fork-keeps",
		About:   "flock-close, whose holder forks a child that lives on",
		Source:  "textbook: a daemon's worker inherits the lock",
		Claims:  []string{"exclusion", "honesty", "recovery", "phantom"},
		Waits:   true,
		Setting: Setting{Acquisition: "lock fork inside unlock"},
		New:     func(Config) Lock { return Func(flockClose) },
	},
	{
		Name:    "fork-unlocks",
		About:   "flock-persist, whose holder forks a child that runs the release too",
		Source:  "zc.lockfile; handlers that run at exit",
		Claims:  []string{"exclusion", "honesty", "recovery", "phantom"},
		Readers: true,
		Waits:   true,
		Setting: Setting{Acquisition: "lock forkunlock inside unlock"},
		New:     func(Config) Lock { return Func(flockPersist) },
	},
	{
		Name:    "fork-window",
		About:   "flock-close, beside a thread that starts a program: the child has all until it execs",
		Source:  "textbook: what O_CLOEXEC leaves open",
		Claims:  []string{"exclusion", "honesty", "recovery", "phantom"},
		Waits:   true,
		Setting: Setting{Beside: "spawn", Within: true},
		New:     func(Config) Lock { return Func(flockClose) },
	},
	{
		Name:     "timeout-thread",
		About:    "flock by a thread that is left behind at the timeout; one lock object a process",
		Source:   "juju/fslock, LockWithTimeout, 5e9966e (2016); the 5 s are ours",
		Claims:   []string{"exclusion", "honesty", "recovery", "phantom", "patience"},
		Waits:    true,
		Defaults: Config{Timeout: 5 * time.Second},
		New:      func(c Config) Lock { return timeoutThread{c} },
	},
}
