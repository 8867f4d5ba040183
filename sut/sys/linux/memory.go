//go:build linux && (amd64 || arm64)

package linux

import (
	"sync"

	"github.com/ghostlock/ghostlock/sut/sys"
)

// A memory is what the threads of one process share, for threads that run
// freely: a mutex really blocks.
type memory struct {
	mu      sync.Mutex // of the rest
	mutexes map[string]chan struct{}
	texts   map[string]string
	files   map[string]int
}

// forget empties the memory.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mutexes, m.texts, m.files = map[string]chan struct{}{}, map[string]string{}, map[string]int{}
}

func (m *memory) do(c *sys.Call) sys.Ret {
	if c.Op == sys.OpMutex {
		m.mutex(c.Path) <- struct{}{}
		return sys.OK()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch c.Op {
	case sys.OpUnmutex:
		select {
		case <-m.mutexes[c.Path]:
		default:
			return sys.Fail(sys.EPERM)
		}
	case sys.OpSwap:
		before := m.texts[c.Path]
		m.texts[c.Path] = c.Data
		return sys.Ret{Data: before}
	case sys.OpPut:
		m.files[c.Path] = c.FD
	case sys.OpGet:
		if fd := m.files[c.Path]; fd != 0 {
			return sys.Ret{N: int64(fd)}
		}
		return sys.Fail(sys.ENOENT)
	}
	return sys.OK()
}

// mutex returns what is full while the mutex is locked.
func (m *memory) mutex(name string) chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mutexes[name] == nil {
		m.mutexes[name] = make(chan struct{}, 1)
	}
	return m.mutexes[name]
}
