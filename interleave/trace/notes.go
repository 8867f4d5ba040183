//go:build linux && (amd64 || arm64)

package trace

import (
	"fmt"
	"slices"
	"strings"
)

// Notes returns what was noticed of the programs of the last trial besides their
// steps: calls that were refused, who crashed and what it wrote.
func (m *Machine) Notes() []string {
	if m.tracer == nil {
		return m.notes
	}
	return m.tracer.notes()
}

func (tr *tracer) notes() (all []string) {
	for _, p := range tr.programs {
		for _, n := range p.notes {
			all = append(all, fmt.Sprintf("p%d %s", p.proc, n))
		}
		if half := p.out.half(); half != "" {
			all = append(all, fmt.Sprintf("p%d wrote %.60q without an end of line, wanted whole lines", p.proc, half))
		}
		if text := strings.TrimSpace(string(p.out.errors)); text != "" && len(p.notes) > 0 {
			all = append(all, fmt.Sprintf("p%d wrote to its standard error: %.200s", p.proc, last(text)))
		}
	}
	return all
}

// note keeps what is to be told of the program besides, once.
func (p *program) note(text string) {
	if !slices.Contains(p.notes, text) {
		p.notes = append(p.notes, text)
	}
}

// last returns the text's last line.
func last(text string) string { return text[strings.LastIndexByte(text, '\n')+1:] }
