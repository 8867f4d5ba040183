//go:build race

package main

// raced says that the race detector slows the test binary down, and with it
// the children that it plays.
const raced = true
