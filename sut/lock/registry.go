package lock

import (
	"slices"
	"time"
)

// All returns the registry, in the order in which locks are shown.
func All() []Entry { return slices.Clone(registry) }

// registry has the locks family by family: first those of the seed documents, in
// the order of their versions, and then those of the wild.
var registry = slices.Concat(
	posixageEntries, ctxEntries, ctxMoreEntries, pactEntries, pactMoreEntries, ktstrEntries, ktstrMoreEntries,
	flockStaysEntries, flockRemovedEntries, flockMoreEntries,
	fcntlEntries,
	exclEntries, leaseEntries, npmEntries,
	pidEntries, linkEntries, guardEntries, symlinkEntries, flufEntries, pylockfileEntries,
)

var posixageEntries = []Entry{
	{
		Name:     "posixage-v0",
		About:    "flock; tries for 100 ms, removes a file of 30 s or older, tries for 100 ms more",
		Source:   "docker/secrets-engine, store/posixage/internal/flock, before 0bdc29a (May 2026)",
		Claims:   []string{"exclusion", "honesty"},
		Readers:  true,
		Waits:    true,
		Defaults: Config{Stale: 30 * time.Second, Poll: 10 * time.Millisecond, PollMax: 100 * time.Millisecond, Timeout: 100 * time.Millisecond},
		New:      func(c Config) Lock { return posixageV0{c} },
	},
	{
		Name:     "posixage-v1",
		About:    "flock; one try, removes a file of 30 s or older, then tries on one descriptor for ever",
		Source:   "docker/secrets-engine, store/posixage/internal/flock, 381058b (before PR #529)",
		Claims:   []string{"exclusion", "honesty"},
		Readers:  true,
		Waits:    true,
		Defaults: Config{Stale: 30 * time.Second, Poll: 10 * time.Millisecond, PollMax: 100 * time.Millisecond},
		New:      func(c Config) Lock { return posixageV1{c} },
	},
	{
		Name:     "posixage-v2a",
		About:    "as v1, but each try opens anew and checks that the path leads to its file",
		Source:   "docker/secrets-engine, store/posixage/internal/flock, 6ce12bb (first commit of PR #529)",
		Claims:   []string{"exclusion", "honesty"},
		Readers:  true,
		Waits:    true,
		Defaults: Config{Stale: 30 * time.Second, Poll: 10 * time.Millisecond, PollMax: 100 * time.Millisecond},
		New:      func(c Config) Lock { return posixageV2a{c} },
	},
	{
		Name:     "posixage-v2",
		About:    "as v2a, but truncates before it checks, and a heartbeat refreshes the file",
		Source:   "docker/secrets-engine, store/posixage/internal/flock, 5048a3df (PR #529)",
		Claims:   []string{"exclusion", "honesty"},
		Readers:  true,
		Waits:    true,
		Defaults: Config{Stale: 30 * time.Second, Poll: 10 * time.Millisecond, PollMax: 100 * time.Millisecond, Heartbeat: 10 * time.Second},
		New:      func(c Config) Lock { return posixageV2{c} },
	},
}

var ctxEntries = []Entry{
	{
		Name:   "ctx-v0",
		About:  "the file's existence; looks whether it is there, then writes it",
		Source: "ActiveMemory/ctx, internal/cli/connection/core/sync, before PR #113",
		Claims: []string{"exclusion", "honesty"},
		New:    func(Config) Lock { return ctxV0{} },
	},
	{
		Name:   "ctx-v2",
		About:  "the file's existence; O_EXCL makes it or fails",
		Source: "ActiveMemory/ctx, internal/io SafeTryLock, c85a52db (PR #113)",
		Claims: []string{"exclusion", "honesty"},
		New:    func(Config) Lock { return ctxV2{} },
	},
}

var pactEntries = []Entry{
	{
		Name:     "pact-sidecar",
		About:    "flock on a file that stays; tries every 0.1 s for 5 s",
		Source:   "Synaptic-Labs-AI/PACT-Plugin, file_lock in hooks/shared/claude_md_manager.py, 8ac78628",
		Claims:   []string{"exclusion", "honesty"},
		Waits:    true,
		Defaults: Config{Poll: 100 * time.Millisecond, Timeout: 5 * time.Second},
		New:      func(c Config) Lock { return pactSidecar{c} },
	},
}

var ktstrEntries = []Entry{
	{
		Name:    "ktstr-try",
		About:   "flock on a file that stays, not on remote file systems; one try",
		Source:  "likewhatevs/ktstr, try_flock in src/flock/primitives.rs",
		Claims:  []string{"exclusion", "honesty"},
		Readers: true,
		New:     func(Config) Lock { return ktstrTry{} },
	},
	{
		Name:    "ktstr-block",
		About:   "flock on a file that stays, not on remote file systems; waits in the kernel",
		Source:  "likewhatevs/ktstr, block_flock in src/flock/primitives.rs",
		Claims:  []string{"exclusion", "honesty"},
		Readers: true,
		Waits:   true,
		New:     func(Config) Lock { return ktstrBlock{} },
	},
}
