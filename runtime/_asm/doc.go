// Package asm holds the programs that write this module's assembly kernels with avo, one folder for each file of kernels. It is a module
// of its own, in a folder that ./... does not see, so that nobody who uses nngen gets avo. `go generate ./...` in this folder writes the
// files of package nnrt again.
package asm
