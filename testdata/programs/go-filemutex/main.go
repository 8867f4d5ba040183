// Command go-filemutex takes a lock with github.com/alexflint/go-filemutex, and says
// how that went.
package main

import (
	"fmt"
	"os"

	"github.com/alexflint/go-filemutex"
)

func main() {
	lock, err := filemutex.New(os.Args[1])
	if err == nil {
		err = lock.Lock()
	}
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	fmt.Println("acquired")
	lock.Close()
	fmt.Println("released")
}
