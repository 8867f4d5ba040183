package history

// An Operation is an invocation together with what became of it.
type Operation struct {
	Client string
	F      string // what was asked, never Kill
	Value  string // the response's; the invocation's while there is no response
	Error  string // the response's

	Invoked  int  // position of the invocation
	Returned int  // position of the response, -1 if there is none
	Killed   int  // position of the kill that ended it while it was pending, -1 if none did
	Outcome  Kind // Ok, Fail or Info, as in the response; 0 if there is none
}

// Clients returns the names of the clients of h in the order of their first events.
func (h History) Clients() []string {
	var names []string
	seen := make(map[string]bool)
	for _, e := range h {
		if !seen[e.Process] {
			seen[e.Process] = true
			names = append(names, e.Process)
		}
	}
	return names
}

// Operations returns the operations of h in the order of their invocations. Kills are not
// operations; that of a client with nothing pending leaves no trace here.
//
// h must be valid. Of one that is not the result is unspecified.
func (h History) Operations() []Operation {
	ops := make([]Operation, 0, len(h)/2+1)
	pending := make(map[string]int) // client to index in ops
	for at, e := range h {
		if e.Kind == Invoke {
			pending[e.Process] = len(ops)
			ops = append(ops, Operation{Client: e.Process, F: e.F, Value: e.Value, Invoked: at, Returned: -1, Killed: -1})
			continue
		}
		i, open := pending[e.Process]
		if !open {
			continue
		}
		delete(pending, e.Process)
		if e.F == Kill {
			ops[i].Killed = at
			continue
		}
		ops[i].Returned, ops[i].Outcome, ops[i].Value, ops[i].Error = at, e.Kind, e.Value, e.Error
	}
	return ops
}
