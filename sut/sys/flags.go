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
