//go:build linux

package trace

import "encoding/binary"

// Where the parts of our code are, from its begin. Before it are the times.
const (
	wallSeconds = 0
	wallNanos   = 8
	wallMicros  = 16
	monoSeconds = 24
	monoNanos   = 32

	clockGettime = 40
	gettimeofday = 120
	timeOf       = 168
	clockSize    = 192
)

// replaceable reports whether the library has the functions that ours stand for.
func (v *vdso) replaceable() bool {
	for name := range replaced {
		if v.functions[name] == 0 {
			return false
		}
	}
	return true
}

// replaced says which of our functions a library's is led to.
var replaced = map[string]uintptr{
	"__vdso_clock_gettime": clockGettime, "__vdso_gettimeofday": gettimeofday, "__vdso_time": timeOf,
}

// patches returns what is to be written into the library, by where.
func (v *vdso) patches() map[uintptr][]byte {
	all := map[uintptr][]byte{v.spare + clockGettime: clockCode()}
	for name, at := range replaced {
		// jmp
		all[v.functions[name]] = binary.LittleEndian.AppendUint32([]byte{0xe9}, uint32(v.spare+at-v.functions[name]-5))
	}
	return all
}

// clockCode is position-independent: the times are told by their distance from the
// instruction behind the one that loads them. Registers that it changes are the
// caller's to save. Clocks that it does not know, those of processor time, it asks
// the kernel for.
func clockCode() []byte {
	c := &code{at: clockGettime}
	c.add(0x83, 0xff, 0x0b)             //	cmp edi, 11
	c.add(0x77, 0x3c)                   //	ja kernel
	c.add(0xb8, 0x21, 0x08, 0x00, 0x00) //	mov eax, REALTIME|REALTIME_COARSE|TAI
	c.add(0x0f, 0xa3, 0xf8)             //	bt eax, edi
	c.add(0x72, 0x1a)                   //	jc wall
	c.add(0xb8, 0xd2, 0x00, 0x00, 0x00) //	mov eax, MONOTONIC|RAW|COARSE|BOOTTIME
	c.add(0x0f, 0xa3, 0xf8)             //	bt eax, edi
	c.add(0x73, 0x28)                   //	jnc kernel
	c.load(0x05, monoSeconds)           //	mov rax, …
	c.load(0x15, monoNanos)             //	mov rdx, …
	c.add(0xeb, 0x0e)                   //	jmp store
	c.load(0x05, wallSeconds)           // wall:
	c.load(0x15, wallNanos)             //
	c.add(0x48, 0x89, 0x06)             // store:	mov [rsi], rax
	c.add(0x48, 0x89, 0x56, 0x08)       //	mov [rsi+8], rdx
	c.add(0x31, 0xc0, 0xc3)             //	xor eax, eax; ret
	c.add(0xb8, 0xe4, 0x00, 0x00, 0x00) // kernel:	mov eax, SYS_clock_gettime
	c.add(0x0f, 0x05, 0xc3)             //	syscall; ret

	c.until(gettimeofday)
	c.add(0x48, 0x85, 0xff)                         //	test rdi, rdi
	c.add(0x74, 0x15)                               //	jz zone
	c.load(0x05, wallSeconds)                       //
	c.load(0x15, wallMicros)                        //
	c.add(0x48, 0x89, 0x07)                         //	mov [rdi], rax
	c.add(0x48, 0x89, 0x57, 0x08)                   //	mov [rdi+8], rdx
	c.add(0x48, 0x85, 0xf6)                         // zone:	test rsi, rsi
	c.add(0x74, 0x07)                               //	jz done
	c.add(0x48, 0xc7, 0x06, 0x00, 0x00, 0x00, 0x00) //	mov qword [rsi], 0
	c.add(0x31, 0xc0, 0xc3)                         // done:	xor eax, eax; ret

	c.until(timeOf)
	c.load(0x05, wallSeconds) //	mov rax, …
	c.add(0x48, 0x85, 0xff)   //	test rdi, rdi
	c.add(0x74, 0x03)         //	jz done
	c.add(0x48, 0x89, 0x07)   //	mov [rdi], rax
	c.add(0xc3)               // done:	ret
	return c.bytes
}

// A code is being assembled, to be put at that distance from the times.
type code struct {
	at    int
	bytes []byte
}

func (c *code) add(bytes ...byte) { c.bytes = append(c.bytes, bytes...) }

// load is mov of the register that the byte names, from one of the times.
func (c *code) load(register byte, from int) {
	c.add(0x48, 0x8b, register)
	end := c.at + len(c.bytes) + 4
	c.bytes = binary.LittleEndian.AppendUint32(c.bytes, uint32(from-end))
}

// until fills up to where the next function is.
func (c *code) until(at int) {
	for c.at+len(c.bytes) < at {
		c.add(0xcc)
	}
}
