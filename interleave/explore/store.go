package explore

import (
	"encoding/binary"
	"math/bits"
)

// A store keeps states in the order in which they are met, each once, and for
// each the state that it was met from. Its states are numbered from 0.
//
// Records lie in chunks, on multiples of four bytes, so that 32 bits tell where
// one is in 16 GiB; the table that finds them has open addressing and is never
// more than two thirds full.
type store struct {
	chunks [][]byte
	used   int      // bytes of the last chunk
	at     []uint32 // of each state, where its record is, in units of four bytes
	from   []uint32 // of each state, what it was met from
	slots  []uint32 // state + 1; 0: empty
	bytes  int      // of records
}

const (
	chunkBits = 20
	chunkSize = 1 << chunkBits
)

func newStore() *store { return &store{slots: make([]uint32, 1<<10), used: chunkSize} }

func (s *store) len() int { return len(s.at) }

// get returns the state's record. It must not be changed.
func (s *store) get(id uint32) []byte {
	at := uint64(s.at[id]) << 2
	b := s.chunks[at>>chunkBits][at&(chunkSize-1):]
	n, size := binary.Uvarint(b)
	return b[size : size+int(n)]
}

// add returns the number of the state with this record, and whether it is new.
func (s *store) add(record []byte, hash uint64, from uint32) (id uint32, fresh bool) {
	mask := uint64(len(s.slots) - 1)
	i := hash & mask
	for ; s.slots[i] != 0; i = (i + 1) & mask {
		if id := s.slots[i] - 1; string(s.get(id)) == string(record) {
			return id, false
		}
	}
	id = uint32(len(s.at))
	s.slots[i] = id + 1
	s.at = append(s.at, s.put(record))
	s.from = append(s.from, from)
	if 3*len(s.at) > 2*len(s.slots) {
		s.grow()
	}
	return id, true
}

// records returns the records of the way on which the state was met, the last
// one first.
func (s *store) records(id uint32) [][]byte {
	var all [][]byte
	for at := id; at != noState; at = s.from[at] {
		all = append(all, s.get(at))
	}
	return all
}

// find returns the number of the state with this record.
func (s *store) find(record []byte, hash uint64) (uint32, bool) {
	mask := uint64(len(s.slots) - 1)
	for i := hash & mask; s.slots[i] != 0; i = (i + 1) & mask {
		if id := s.slots[i] - 1; string(s.get(id)) == string(record) {
			return id, true
		}
	}
	return 0, false
}

// put copies a record into the last chunk and returns where it is.
func (s *store) put(record []byte) uint32 {
	if s.used+len(record)+binary.MaxVarintLen32 > chunkSize {
		s.chunks = append(s.chunks, make([]byte, chunkSize))
		s.used = 0
	}
	at := (len(s.chunks)-1)<<chunkBits + s.used
	b := s.chunks[len(s.chunks)-1]
	n := binary.PutUvarint(b[s.used:], uint64(len(record)))
	n += copy(b[s.used+n:], record)
	s.used = min(chunkSize, (s.used+n+3)&^3)
	s.bytes += n
	return uint32(at >> 2)
}

// grow doubles the table.
func (s *store) grow() {
	s.slots = make([]uint32, 2*len(s.slots))
	mask := uint64(len(s.slots) - 1)
	for id := range s.at {
		i := hashOf(s.get(uint32(id))) & mask
		for s.slots[i] != 0 {
			i = (i + 1) & mask
		}
		s.slots[i] = uint32(id) + 1
	}
}

// memory returns how many bytes the store takes.
func (s *store) memory() int {
	return len(s.chunks)*chunkSize + 4*(cap(s.at)+cap(s.from)+len(s.slots))
}

// hashOf mixes a record eight bytes at a time, in the way of wyhash: multiply
// by an odd constant and fold the 128 bits of the product.
func hashOf(b []byte) uint64 {
	const k0, k1 = 0xa0761d6478bd642f, 0xe7037ed1a0b428db
	h := uint64(len(b)) ^ k0
	for len(b) >= 8 {
		h = fold(h^binary.LittleEndian.Uint64(b), k1)
		b = b[8:]
	}
	var tail uint64
	for i, c := range b {
		tail |= uint64(c) << (8 * i)
	}
	return fold(h^tail, k0)
}

func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
