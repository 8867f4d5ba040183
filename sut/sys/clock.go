package sys

// Told answers the calls that read a clock or compare times. The call's stamp
// is all they need, so no kernel is asked. It reports false for other calls.
func (c Call) Told() (Ret, bool) {
	switch c.Op {
	case OpDeadline:
		return Ret{Time: Time{At: c.At.Mono + c.Dur}}, true
	case OpExpired:
		return Bool(c.At.Mono >= c.T.At), true
	case OpOlder:
		return Bool(c.At.Wall-c.T.At >= c.Dur), true
	case OpSame:
		return Bool(c.T.At == c.U.At), true
	}
	return Ret{}, false
}
