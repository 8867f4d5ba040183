package sys

// An opSpec says how an operation's calls and rets are written. Printing and
// parsing both follow it, so that they cannot drift apart.
type opSpec struct {
	name string
	args []arg
	ret  retForm
}

// A retForm is which part of a Ret an operation answers with.
type retForm uint8

const (
	retNone   retForm = iota // 0
	retFD                    // 3<A>
	retCount                 // 12
	retStat                  // {A, size=0, nlink=1, mtime=@-31s}
	retData                  // "text"
	retTruth                 // yes, no
	retTime                  // @10ms
	retThread                // #1
	retProc                  // p2
	retMagic                 // 0xef53
	retRecord                // 0; or {F_WRLCK, start=0, len=0, p0} where a lock was looked for
)

var ops = [opEnd]opSpec{
	OpOpen:      {"open", []arg{argPath, argOpenFlags, argOpenMode}, retFD},
	OpClose:     {"close", []arg{argFD}, retNone},
	OpRead:      {"read", []arg{argFD}, retData},
	OpWrite:     {"write", []arg{argFD, argData}, retCount},
	OpFtruncate: {"ftruncate", []arg{argFD, argSize}, retNone},
	OpFstat:     {"fstat", []arg{argFD}, retStat},
	OpStat:      {"stat", []arg{argPath}, retStat},
	OpLstat:     {"lstat", []arg{argPath}, retStat},
	OpUnlink:    {"unlink", []arg{argPath}, retNone},
	OpRename:    {"renameat2", []arg{argPath, argPath2, argRenameFlags}, retNone},
	OpLink:      {"link", []arg{argPath, argPath2}, retNone},
	OpSymlink:   {"symlink", []arg{argPath2, argPath}, retNone},
	OpReadlink:  {"readlink", []arg{argPath}, retData},
	OpMkdir:     {"mkdir", []arg{argPath, argMode}, retNone},
	OpRmdir:     {"rmdir", []arg{argPath}, retNone},
	OpFsync:     {"fsync", []arg{argFD}, retNone},
	OpFchmod:    {"fchmod", []arg{argFD, argMode}, retNone},
	OpFlock:     {"flock", []arg{argFD, argFlockHow}, retNone},
	OpFcntl:     {"fcntl", []arg{argFD, argFcntlCommand, argRecord}, retRecord},
	OpDup:       {"dup", []arg{argFD}, retFD},
	OpFork:      {"fork", []arg{argForked}, retProc},
	OpExec:      {"exec", nil, retNone},
	OpExit:      {"exit", nil, retNone},
	OpDaemon:    {"daemon", nil, retNone},
	OpGetpid:    {"getpid", nil, retProc},
	OpAlive:     {"alive", []arg{argProc}, retTruth},
	OpUtimes:    {"utimes", []arg{argPath, argDur}, retNone},
	OpLocked:    {"flock_held", []arg{argPath}, retTruth},
	OpLoad:      {"load", []arg{argPath}, retData},
	OpStore:     {"store", []arg{argPath, argData}, retNone},
	OpMutex:     {"mutex_lock", []arg{argPath}, retNone},
	OpUnmutex:   {"mutex_unlock", []arg{argPath}, retNone},
	OpSwap:      {"swap", []arg{argPath, argData}, retData},
	OpPut:       {"put", []arg{argPath, argFD}, retNone},
	OpGet:       {"get", []arg{argPath}, retFD},
	OpGettid:    {"gettid", nil, retThread},
	OpStatfs:    {"statfs", []arg{argPath}, retMagic},
	OpDeadline:  {"deadline", []arg{argDur}, retTime},
	OpExpired:   {"expired", []arg{argT}, retTruth},
	OpOlder:     {"older", []arg{argT, argDur}, retTruth},
	OpSame:      {"same", []arg{argT, argU}, retTruth},
	OpSleep:     {"sleep", []arg{argDur}, retNone},
	OpGo:        {"go", []arg{argPath}, retThread},
	OpJoin:      {"join", []arg{argNumber}, retNone},
	OpCancel:    {"cancel", []arg{argNumber}, retNone},
	OpCancelled: {"cancelled", []arg{argDur}, retTruth},
	OpInside:    {"inside", nil, retNone},
	OpForeign:   {"foreign", nil, retCount},
	OpInterrupt: {"interrupt", nil, retNone},
	OpKill:      {"kill", []arg{argProc}, retNone},
}

// String returns the operation's name.
func (op Op) String() string {
	if op == 0 || op >= opEnd {
		return "op#" + itoa(int64(op))
	}
	return ops[op].name
}

// opByName returns the operation with that name.
func opByName(name string) (Op, bool) {
	for op := OpOpen; op < opEnd; op++ {
		if ops[op].name == name {
			return op, true
		}
	}
	return 0, false
}
