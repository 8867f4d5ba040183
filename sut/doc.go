// Package sut is the subject under test and its seam: the locks, the calls that
// they are written against, and the kernels that carry those out.
package sut
