package sys

import (
	"fmt"
	"strconv"
	"strings"
)

// Format writes the answer as strace does behind the equals sign: 0, 3<A>,
// -1 ENOENT. A call that was asked and has not returned is "?"; a failure of
// the environment's making ends in "(fault)".
func (r Ret) Format(op Op) string {
	switch {
	case r.Wait:
		return "?"
	case r.Fault:
		return "-1 " + r.Err.Name() + " (fault)"
	case r.Err != 0:
		return "-1 " + r.Err.Name()
	case op == 0 || op >= opEnd:
		return itoa(r.N)
	}
	switch ops[op].ret {
	case retFD:
		return itoa(r.N) + "<" + r.Ino.String() + ">"
	case retCount:
		return itoa(r.N)
	case retStat:
		return r.Stat.String()
	case retData:
		return strconv.Quote(r.Data)
	case retTruth:
		if r.Yes() {
			return "yes"
		}
		return "no"
	case retTime:
		return r.Time.String()
	case retThread:
		return "#" + itoa(r.N)
	case retProc:
		return "p" + itoa(r.N)
	case retMagic:
		return fmt.Sprintf("%#x", r.N)
	case retRecord:
		if r.Record != (Record{}) {
			return r.Record.String()
		}
	}
	return "0"
}

// ParseRet reads what Format writes for the operation.
func ParseRet(op Op, text string) (Ret, error) {
	if op == 0 || op >= opEnd {
		return Ret{}, fmt.Errorf("found %s, wanted one of %s", op, opNames())
	}
	r, err := parseRet(op, text)
	if err != nil {
		return Ret{}, fmt.Errorf("%s = %s: %w", op, text, err)
	}
	if printed := r.Format(op); printed != text {
		return Ret{}, fmt.Errorf("%s = %s: wanted it written %s", op, text, printed)
	}
	return r, nil
}

func parseRet(op Op, text string) (Ret, error) {
	if text == "?" {
		return Ret{Wait: true}, nil
	}
	if symbol, ok := strings.CutPrefix(text, "-1 "); ok {
		symbol, fault := strings.CutSuffix(symbol, " (fault)")
		e, known := ErrnoByName(symbol)
		if !known {
			return Ret{}, fmt.Errorf("found error %q, wanted a symbol such as ENOENT", symbol)
		}
		return Ret{Err: e, Fault: fault}, nil
	}
	return parseAnswer(op, text)
}

func parseAnswer(op Op, text string) (r Ret, err error) {
	switch ops[op].ret {
	case retFD:
		r.N, r.Ino, err = parseOpened(text)
	case retCount:
		r.N, err = parseInt[int64](text, "a count")
	case retStat:
		r.Stat, err = parseStat(text)
	case retData:
		r.Data, err = parseQuoted(text)
	case retTruth:
		if text != "yes" && text != "no" {
			return Ret{}, fmt.Errorf("wanted yes or no")
		}
		r = Bool(text == "yes")
	case retTime:
		r.Time, err = parseTime(text)
	case retThread:
		r.N, err = parseMarked(text, "#")
	case retProc:
		r.N, err = parseMarked(text, "p")
	case retMagic:
		if r.N, err = strconv.ParseInt(text, 0, 64); err != nil {
			return Ret{}, fmt.Errorf("wanted a magic number such as 0xef53")
		}
	case retRecord:
		if text != "0" {
			r.Record, err = parseRecord(text)
		}
	default:
		if text != "0" {
			return Ret{}, fmt.Errorf("wanted 0 or an error")
		}
	}
	return r, err
}

func parseOpened(text string) (fd int64, ino Ino, err error) {
	number, name, ok := strings.Cut(strings.TrimSuffix(text, ">"), "<")
	if !ok {
		return 0, Ino{}, fmt.Errorf("wanted a descriptor such as 3<A>")
	}
	if fd, err = parseInt[int64](number, "a descriptor"); err != nil {
		return 0, Ino{}, err
	}
	ino, err = parseIno(name)
	return fd, ino, err
}

// String writes {A, size=0, nlink=1, mtime=@-31s}; a file that is not regular
// is said to be a dir or a symlink.
func (s Stat) String() string {
	kind := [...]string{Regular: "", Directory: ", dir", Symlink: ", symlink"}[s.Kind]
	return fmt.Sprintf("{%s%s, size=%d, nlink=%d, mtime=@%s}", s.Ino, kind, s.Size, s.Nlink, FormatDuration(s.Mtime.At))
}

func parseStat(text string) (Stat, error) {
	wanted := fmt.Errorf("wanted a stat such as %s", Stat{Ino: Ino{Num: 1}, Nlink: 1})
	words := strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}"), ", ")
	ino, err := parseIno(words[0])
	if err != nil {
		return Stat{}, err
	}
	s := Stat{Ino: ino}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "dir":
			s.Kind = Directory
		case "symlink":
			s.Kind = Symlink
		case "size":
			s.Size, err = parseInt[int64](value, "a size")
		case "nlink":
			s.Nlink, err = parseInt[int](value, "a count")
		case "mtime":
			s.Mtime, err = parseTime(value)
		default:
			err = wanted
		}
		if err != nil {
			return Stat{}, err
		}
	}
	s.Mtime.Of = ino
	return s, nil
}
