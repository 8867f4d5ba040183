package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A bytesize is a number of bytes, as a flag takes it: 512MiB, 4GiB, 1G.
type bytesize int

// The units, the largest first. K, M and G mean the powers of 1024 too.
var units = []struct {
	name  string
	bytes bytesize
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// String implements pflag.Value.
func (s *bytesize) String() string {
	for _, u := range units {
		if *s >= u.bytes && *s%u.bytes == 0 {
			return fmt.Sprintf("%d%s", *s/u.bytes, u.name)
		}
	}
	return strconv.Itoa(int(*s))
}

// Set implements pflag.Value.
func (s *bytesize) Set(text string) error {
	unit := bytesize(1)
	for _, u := range units {
		if digits, ok := strings.CutSuffix(text, u.name); ok {
			text, unit = digits, u.bytes
		} else if digits, ok := strings.CutSuffix(text, u.name[:1]); ok {
			text, unit = digits, u.bytes
		}
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n > math.MaxInt64/uint64(unit) {
		return errors.New("wanted a size such as 512MiB or 4GiB")
	}
	*s = bytesize(n) * unit
	return nil
}

// Type implements pflag.Value.
func (*bytesize) Type() string { return "size" }
