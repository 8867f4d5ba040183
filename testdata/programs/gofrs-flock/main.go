// Command gofrs-flock takes a lock with github.com/gofrs/flock, and says how that
// went.
package main

import (
	"fmt"
	"os"

	"github.com/gofrs/flock"
)

func main() {
	lock := flock.New(os.Args[1])
	if err := lock.Lock(); err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	fmt.Println("acquired")
	lock.Close()
	fmt.Println("released")
}
