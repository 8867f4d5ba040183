// Command example-go takes a lock with flock(2), and says so.
package main

import "os"
import "syscall"

func main() {
	file, _ := os.OpenFile(os.Args[1], os.O_RDWR|os.O_CREATE, 0o600)
	syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
	os.Stdout.WriteString("acquired\n")
	file.Close()
	os.Stdout.WriteString("released\n")
}
