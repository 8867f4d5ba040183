/*
 * posixage-v1 (sut/lock/posixage_v1.go) in Promela, to be compared with what
 * ghostlock finds by running the code itself.
 *
 * N processes do `lock inside unlock` once each. At the start the file l is
 * there, 31 s old, and nobody holds it; a file counts as stale after 30 s. The
 * question is every reachable state: mutual exclusion is broken, and the
 * search must go on behind that. Run pan with -c0 -E: -c0 counts assertions
 * that fail and goes on behind them, no trail is written and nothing remembers
 * that one has failed; -E because no end of a process is a deadlock. What is
 * counted is steps into a violation, and of those the reductions leave out some.
 *
 * One call is one step: open, flock, fstat, close, older, unlink, ftruncate,
 * inside. Left out is what can make no difference here: contents, errors that
 * do not happen, and the return of a sleep, which ghostlock takes as a step of
 * its own; here a sleeper's next step is the flock behind it.
 *
 * The model is meant to be as small as Spin can have it. Three things make it
 * smaller, and -DPLAIN leaves them out (and gives, with pan compiled
 * -DNOREDUCE, every state and transition that there is, inodes named
 * canonically and processes told apart):
 *
 *  1. Processes are alike, so they first open l in the order of their numbers.
 *     Any run is such a run with the processes renumbered.
 *  2. `local byte fd`. A close touches nothing that anybody else can see: no
 *     process closes a file that it has locked. So it commutes with every
 *     step of the others, but for the numbers of inodes, which mean nothing;
 *     `local` tells the partial-order reduction so.
 *  3. `at_once`. What the reduction would run without looking at the others,
 *     it stores a state for; an atomic sequence does not.
 */

#ifndef N
#define N 3			/* processes: at most 7, for locked is a byte */
#endif

#define NONE	255
#define BIT(x)	(1 << (x))

#ifdef PLAIN
#define local
#define at_once
#define my_turn	true
#else
#define at_once	atomic
#define my_turn	(arrived >= _pid)
byte arrived = 0;		/* how many have opened l at least once */
#endif

/*
 * Inodes. What has the name l is inode 0; the others, 1 to N, were unlinked
 * while open. A file that has neither name nor descriptor is gone, and its
 * number free. Only the first file is ever old: new ones are made young, and
 * stay it, as no more than a few rounds of sleep can pass (see clock).
 */
bool named = true;		/* l exists */
byte old = 0;			/* the inode that is older than 30 s, or NONE */
byte locked = 0;		/* a bit for each inode: somebody has it locked */
local byte fd[N] = NONE;	/* the inode that each process has open, or NONE */

byte holders = 0;		/* processes between ftruncate and the end of inside */
byte asleep = 0;		/* a bit for each process */

hidden byte to[N + 1], i, next, was;	/* of rename; no part of the state */

/* rename gives unlinked inodes the lowest numbers, in the order of the
 * processes that have them open, and forgets inodes that are gone. */
inline rename() {
	to[0] = (named -> 0 : NONE);
	for (i : 1 .. N) { to[i] = NONE }
	next = 1;
	for (i : 0 .. N-1) {
		if
		:: fd[i] != NONE ->
			if
			:: to[fd[i]] == NONE -> to[fd[i]] = next; next++
			:: else
			fi;
			fd[i] = to[fd[i]]
		:: else
		fi
	}
	was = locked;
	locked = 0;
	for (i : 0 .. N) {
		if
		:: (was & BIT(i)) && to[i] != NONE -> locked = locked | BIT(to[i])
		:: else
		fi
	}
	old = (old == NONE -> NONE : to[old])
}

#ifdef PLAIN
#define arrive		skip
#define after_open	skip
#define close		d_step { fd[_pid] = NONE; rename() }
#else
/* A close that renamed would not be local: the next open or unlink does. */
#define arrive		arrived = arrived + 1
#define after_open	rename()
#define close		fd[_pid] = NONE
#endif

/* opens opens l, and makes it where there is none. */
inline opens() {
	named = true;
	fd[_pid] = 0;
	after_open
}

#define mine	BIT(fd[_pid])
#define awake	(!(asleep & BIT(_pid)))

active [N] proctype client() {
	bit stale;		/* what fstat saw, until older has answered */

	/* Acquire: one try. */
	d_step { my_turn -> arrive; opens() };						/* open */
	if
	:: d_step { !(locked & mine) -> locked = locked | mine }			/* flock = 0 */
	:: d_step { (locked & mine) -> skip };						/* flock = EAGAIN */

		/* One recovery: looks at the open file, removes what has the name. */
		d_step { stale = (fd[_pid] == old) };					/* fstat */
		at_once {
			close;								/* close */
			if								/* older */
			:: stale -> stale = 0; goto remove
			:: else -> goto reopen
			fi
		};
remove:		if
		:: d_step { named -> named = false; rename() }				/* unlink = 0 */
		:: !named -> goto done							/* unlink = ENOENT: refused */
		fi;

		/* Tries without end on one descriptor. */
reopen:		atomic { d_step { opens() } };						/* open; no goto may lead to a d_step */
retry:		if
		:: d_step { awake && !(locked & mine) -> locked = locked | mine }	/* flock = 0 */
		:: d_step { awake && (locked & mine) -> asleep = asleep | BIT(_pid) };	/* flock = EAGAIN */
			goto retry
		fi
	fi;
	d_step {									/* ftruncate */
		old = (old == fd[_pid] -> NONE : old);
		holders++;
		assert(holders <= 1)
	};

	d_step { holders-- };								/* inside */

	/* Release. */
	at_once {
		locked = locked & ~mine;						/* flock LOCK_UN */
		close									/* close */
	};
done:
end:	false		/* not the end of the process: that would be one more step */
}

/*
 * Time passes when nobody can run. It wakes all sleepers at once, and that is
 * exact: whoever sleeps has tried as often as the others since they all slept
 * last, so their pauses are equally long and end together. They then go on in
 * any order.
 */
active proctype clock() {
end:	do
	:: atomic { timeout && asleep -> asleep = 0 }
	od
}
