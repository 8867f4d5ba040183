package mutate

// Why survivors survive, where it is the same for several.
const (
	closed = "the release closes the descriptor besides, and has removed the name where others might have it open"
	leaked = "what stays open is a file that failed the check, which nobody takes for the lock any more: " +
		"a descriptor is leaked, and descriptors are not counted"
	stays     = "the file stays, its lock is given up all the same, and the check passes for who comes next"
	renewed   = "the release has put another file in the place of this one, or marked it, before: nobody waits for its lock"
	inherited = "a child has the lock past the release anyway, so that phantom is violated without the change"
	forPeople = "what is written, or said, is for people: the lock looks at none of it"
	unlocked  = "the journal tells people of who goes on without the lock, and guards nothing"
	sameDisk  = "the answer decides of which path the file system is asked for, and both are on the same one"
	numbered  = "the cell keeps the threads' names apart: one that stays taken leads to the next, and a third thread is not tried"
	itself    = "the process refuses itself from then on, which nothing that is asked sees: the probes have processes of their own"
	litter    = "the temporary file stays and the next acquire takes another name, of which there are four; a fifth acquire of one process is not tried"
	guarded   = "who leaves the guard locked keeps others from removing what is stale until it ends: that takes a second dead holder, " +
		"and the probes come when everybody else has ended"
	alone    = "it takes somebody who removes the lock of a holder: no client does, and a cleaner is not among what is asked"
	deadlock = "threads of the process wait for ever, which nothing that is asked sees: " +
		"the probes have processes of their own, and patience is about bounded waits and endless loops"
)

// explanations say of survivors why nothing that is asked tells them from the lock.
var explanations = map[string]string{
	"posixage-v0/never-old": "a flock goes with its holder, so that removing old files lets nobody in who would not get in without",

	"pact-parent/symlink-exists-l.md": "the link is the stage that the lock is used on, and no part of it",

	"pact-failopen/no-write-l.journal":  unlocked,
	"pact-failopen/no-flock-l.journal":  unlocked,
	"pact-failopen/no-unlock-l.journal": unlocked,
	"pact-inplace/release-no-write":     "update is violated without the change: what is written reaches the file after the unlock",

	"ktstr-materialize/stale-stat": sameDisk,
	"ktstr-witness/stale-stat":     sameDisk,
	"ktstr-witness/no-close":       "the descriptor that stays open has no lock: it is a witness",
	"ktstr-holders/never-held":     forPeople,

	"flock-pidfile/no-write":    forPeople,
	"flock-pidfile/no-truncate": forPeople,

	"flock-leaky/release-no-close": inherited,
	"fork-keeps/release-no-close":  inherited,
	"fork-window/release-no-close": inherited,

	"flock-recheck/no-close":                  leaked,
	"flock-recheck/release-no-unlink":         stays,
	"flock-recheck/release-no-unlock":         closed,
	"flock-nlink/no-close":                    leaked,
	"flock-nlink/release-no-unlink":           stays,
	"flock-nlink/release-no-unlock":           closed,
	"flock-marker-first/no-close":             leaked,
	"flock-janitor/no-close":                  leaked,
	"flock-janitor/release-no-unlock":         closed,
	"flock-data-recheck/no-close":             leaked,
	"flock-data-recheck/release-no-close":     renewed,
	"flock-marker-first/release-no-close":     renewed,
	"flock-data-recheck/release-no-excl-l.pN": "the temporary file's name is the process's own, and its threads write it one after the other",

	"flock-handle/no-mutex":          "threads that come first at once open the file each: a descriptor is leaked, and descriptors are not counted",
	"flock-handle/no-unmutex":        deadlock,
	"fcntl-mutex/release-no-unmutex": deadlock,
	"fcntl-persist/release-no-unlck": closed,
	"fcntl-mutex/release-no-unlck":   closed,

	"fcntl-table-before/release-no-unlck": closed,
	"fcntl-table-before/release-no-swap":  itself,
	"fcntl-queue/no-mutex":                "exclusion of threads is violated without the change: the close, behind the mutex, drops the next one's lock",
	"fcntl-queue/release-no-unmutex":      deadlock,
	"fcntl-queue/release-no-unlck":        closed,

	"guard-create/no-close-l.guard": guarded,
	"link-guard/no-close-l.guard":   guarded,
	"link-guard/no-excl-l.pN.1":     "a process's second thread alone comes to the second name, and a third is not tried",
	"link-guard/no-unlink-l.pN":     litter,
	"link-guard/no-unlink-l.pN.1":   litter,

	"npm-lockfile-1.0.4/release-unlink-gone": "disclosure is violated without the change",

	"pylockfile-symlink/no-swap-pN.1":          numbered,
	"pylockfile-symlink/release-no-swap-pN":    numbered,
	"pylockfile-symlink/release-no-swap-pN.1":  numbered,
	"pylockfile-symlink/release-stale-lstat":   alone,
	"pylockfile-symlink/release-own-readlink":  alone,
	"pylockfile-link/no-swap-pN.1":             numbered,
	"pylockfile-link/release-no-swap-pN":       numbered,
	"pylockfile-link/release-no-swap-pN.1":     numbered,
	"pylockfile-link/release-no-unlink-l.pN":   "the file with the unique name is emptied and linked again",
	"pylockfile-link/release-no-unlink-l.pN.1": "the file with the unique name is emptied and linked again",
	"pylockfile-mkdir/no-swap-pN.1":            numbered,
	"pylockfile-mkdir/release-no-swap-pN":      numbered,
	"pylockfile-mkdir/release-no-swap-pN.1":    numbered,
}
