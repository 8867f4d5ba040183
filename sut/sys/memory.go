package sys

// What the threads of one process share goes through these calls, so that the
// order in which they touch it is chosen like that of any other. Names are the
// process's own: two processes share nothing.

// Lock locks the process's mutex with that name, and waits for its turn.
func (p *Proc) Lock(mutex string) { p.host.Call(Call{Op: OpMutex, Path: mutex}) }

// Unlock unlocks it. Any thread of the process may.
func (p *Proc) Unlock(mutex string) { p.host.Call(Call{Op: OpUnmutex, Path: mutex}) }

// Swap puts the text into the process's cell with that name and returns what
// was there: "" at first.
func (p *Proc) Swap(cell, text string) string {
	return p.host.Call(Call{Op: OpSwap, Path: cell, Data: text}).Data
}

// Put puts the file into the process's cell with that name. The zero File
// empties it.
func (p *Proc) Put(cell string, f File) { p.host.Call(Call{Op: OpPut, Path: cell, FD: f.fd}) }

// Get returns the file that is in the cell; ok is false where there is none.
func (p *Proc) Get(cell string) (f File, ok bool) {
	r := p.host.Call(Call{Op: OpGet, Path: cell})
	return File{fd: int(r.N), name: cell}, r.Err == 0
}
