package sys

// Flags of open(2), with Linux's values for amd64 and arm64's generic table
// where the two agree; O_DIRECTORY and O_NOFOLLOW differ between them and are
// translated by the carrier.
const (
	O_RDONLY    = 0x0
	O_WRONLY    = 0x1
	O_RDWR      = 0x2
	O_ACCMODE   = 0x3
	O_CREAT     = 0x40
	O_EXCL      = 0x80
	O_TRUNC     = 0x200
	O_APPEND    = 0x400
	O_DIRECTORY = 0x10000
	O_NOFOLLOW  = 0x20000
	O_CLOEXEC   = 0x80000
)

// Operations of flock(2).
const (
	LOCK_SH = 1
	LOCK_EX = 2
	LOCK_NB = 4
	LOCK_UN = 8
)

// Commands of fcntl(2) for record locks. F_OFD_* are about locks of the open
// file description and not of the process.
const (
	F_GETLK      = 5
	F_SETLK      = 6
	F_SETLKW     = 7
	F_OFD_GETLK  = 36
	F_OFD_SETLK  = 37
	F_OFD_SETLKW = 38
)

// Types of record locks.
const (
	F_RDLCK = 0
	F_WRLCK = 1
	F_UNLCK = 2
)

// Flags of renameat2(2).
const (
	RENAME_NOREPLACE = 1
	RENAME_EXCHANGE  = 2
)

// Magic numbers of file systems, as statfs(2) tells them.
const (
	MagicExt4  = 0xEF53
	MagicTmpfs = 0x01021994
	MagicNFS   = 0x6969
	MagicCIFS  = 0xFF534D42
	MagicSMB2  = 0xFE534D42
	MagicCeph  = 0x00C36400
	MagicAFS   = 0x6B414653
	MagicFUSE  = 0x65735546

	MagicXFS       = 0x58465342
	MagicBtrfs     = 0x9123683E
	MagicOverlayfs = 0x794C7630
)

// A bit is a flag and its name.
type bit struct {
	value int
	name  string
}

// A flagSet is how one kind of flags prints: a base under a mask (the access
// mode of open), then the bits in this order.
type flagSet struct {
	mask int
	base []bit
	bits []bit
}

var openFlags = flagSet{
	mask: O_ACCMODE,
	base: []bit{{O_RDONLY, "O_RDONLY"}, {O_WRONLY, "O_WRONLY"}, {O_RDWR, "O_RDWR"}},
	bits: []bit{
		{O_CREAT, "O_CREAT"}, {O_EXCL, "O_EXCL"}, {O_TRUNC, "O_TRUNC"}, {O_APPEND, "O_APPEND"},
		{O_DIRECTORY, "O_DIRECTORY"}, {O_NOFOLLOW, "O_NOFOLLOW"}, {O_CLOEXEC, "O_CLOEXEC"},
	},
}

var flockFlags = flagSet{
	mask: LOCK_SH | LOCK_EX | LOCK_UN,
	base: []bit{{LOCK_SH, "LOCK_SH"}, {LOCK_EX, "LOCK_EX"}, {LOCK_UN, "LOCK_UN"}},
	bits: []bit{{LOCK_NB, "LOCK_NB"}},
}

var renameFlags = flagSet{
	base: []bit{{0, "0"}},
	bits: []bit{{RENAME_NOREPLACE, "RENAME_NOREPLACE"}, {RENAME_EXCHANGE, "RENAME_EXCHANGE"}},
}

// Commands and types are numbers and no bits: the whole of one is its base.
// What fcntl(2) has 0 for, F_DUPFD, is none of ours.
var fcntlCommands = flagSet{
	mask: -1,
	base: []bit{
		{0, "0"}, {F_GETLK, "F_GETLK"}, {F_SETLK, "F_SETLK"}, {F_SETLKW, "F_SETLKW"},
		{F_OFD_GETLK, "F_OFD_GETLK"}, {F_OFD_SETLK, "F_OFD_SETLK"}, {F_OFD_SETLKW, "F_OFD_SETLKW"},
	},
}

var recordTypes = flagSet{
	mask: -1,
	base: []bit{{F_RDLCK, "F_RDLCK"}, {F_WRLCK, "F_WRLCK"}, {F_UNLCK, "F_UNLCK"}},
}
