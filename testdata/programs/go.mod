module programs

go 1.26

require (
	github.com/alexflint/go-filemutex v1.3.0
	github.com/gofrs/flock v0.13.1
)

require golang.org/x/sys v0.47.0 // indirect
