//go:build linux && (amd64 || arm64)

package trace

import "testing"

// They are passed to the kernel from there.
func TestTheFiltersFitBehindTheVDSO(t *testing.T) {
	tr := (&Machine{}).newTracer()
	for name, f := range map[string]int{"first": len(sockProgram(0, tr.first)), "second": len(sockProgram(0, tr.second))} {
		if f > maxFilter {
			t.Errorf("the %s takes %d bytes, wanted at most %d", name, f, maxFilter)
		}
	}
}
