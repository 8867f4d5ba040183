package sim_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/ghostlock/ghostlock/sut/sys"
	"github.com/ghostlock/ghostlock/sut/sys/sim"
)

// Names, contents and targets count together, up to 16 KiB.
func TestAStateFitsWithLittleText(t *testing.T) {
	half := strings.Repeat("x", 8<<10)
	for _, test := range []struct {
		what   string
		script []string
		fits   bool
	}{
		{"half", []string{`write(3, "` + half + `")`}, true},
		{"two halves and a name", []string{`write(3, "` + half + half + `")`}, false},
		{"one less", []string{`write(3, "` + half + half[1:] + `")`}, true},
		{"one less and a longer name", []string{`write(3, "` + half + half[1:] + `")`, `renameat2("f", "ff", 0)`}, false},
		{"what was cut off again", []string{`ftruncate(3, 20000)`, `ftruncate(3, 0)`}, true},
		{"what is gone", []string{`ftruncate(3, 20000)`, `unlink("f")`, `close(3)`}, true},
		{"what is only open", []string{`ftruncate(3, 20000)`, `unlink("f")`}, false},
		{"what is in memory", []string{`swap("c", "` + half + half + `")`}, false},
		{"what was in memory", []string{`swap("c", "` + half + half + `")`, `swap("c", "")`}, true},
		{"a target", []string{`symlink("` + half + half + `", "s")`}, false},
	} {
		s := boot(t, "ext4")
		do(t, s, p0, `open("f", O_RDWR|O_CREAT, 0600)`)
		for _, text := range test.script {
			do(t, s, p0, text)
		}
		if s.Fits() != test.fits {
			t.Errorf("%s: found that it fits: %t", test.what, s.Fits())
		}
	}
	s := boot(t, "ext4")
	for n := 1; n <= 129; n++ {
		do(t, s, p0, fmt.Sprintf(`mkdir("%0128d", 0700)`, n))
		if s.Fits() != (n <= 128) {
			t.Errorf("%d names of 128 bytes: found that they fit: %t", n, s.Fits())
		}
	}
}

// Two processes that differ in nothing but how far they have read are no twins.
func TestProcessesAreToldApartByHowFarTheyAre(t *testing.T) {
	for _, size := range []int{1, 256, 512} {
		s := boot(t, "ext4", sys.Entry{Name: "f", Content: strings.Repeat("x", size)})
		for _, id := range []sys.TID{p0, p1} {
			do(t, s, id, `open("f", O_RDONLY)`)
		}
		form := sim.Form{Order: []int{0, 1}}
		alike := func() bool { return bytes.Equal(s.AppendProc(nil, 0, &form), s.AppendProc(nil, 1, &form)) }
		if !alike() {
			t.Fatal("found processes told apart that have the same")
		}
		if do(t, s, p0, `read(3)`); alike() {
			t.Errorf("found processes alike of which one is %d bytes ahead", size)
		}
	}
}
