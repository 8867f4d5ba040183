package model

import (
	"fmt"

	"github.com/ghostlock/ghostlock/history"
)

// ownership asks whether locks are taken from those who have them.
func ownership() Property {
	return Property{
		Name:    OwnershipName,
		Holds:   "no call takes the path from, or drops the kernel lock of, another live client between its acquire's response and its release's invocation",
		By:      "what each call does to the lock files",
		Replays: true,
		Judge:   func(h history.History, m Means) (Judgement, error) { return Ownership(h, m.Taken) },
	}
}

// A Taking is a call by which a holder loses what its lock consists of.
type Taking struct {
	At       int // the position of the last event before the call
	Steps    int // how many steps the run had taken, the call included
	By, From string
	What     string // "the path", "the kernel's lock"
}

// Ownership judges by what taken tells of the run.
func Ownership(h history.History, taken func() ([]Taking, error)) (Judgement, error) {
	j := Judgement{Property: OwnershipName, Verdict: Holds, At: -1, Why: "nobody's lock was taken"}
	if err := h.Validate(); err != nil {
		return Judgement{Property: OwnershipName, At: -1}, fmt.Errorf("ownership: %w", err)
	}
	all, err := taken()
	if err != nil {
		return Judgement{Property: OwnershipName, At: -1}, fmt.Errorf("ownership: %w", err)
	}
	if len(all) > 0 {
		t := all[0]
		j.Verdict, j.At, j.Steps, j.Holders = Violated, t.At, t.Steps, []string{t.From}
		j.Why = fmt.Sprintf("%s takes %s from %s, which holds the lock", t.By, t.What, t.From)
	}
	return j, nil
}
