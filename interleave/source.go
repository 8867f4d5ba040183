package interleave

import "embed"

// Source is the package's own source, by which results are told from those of
// another version.
//
//go:embed *.go
var Source embed.FS
