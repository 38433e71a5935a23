//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

// This file answers: how is a folder kept to one process, and its names on disk, on Unix?

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the lock of a file, which goes with the process, and reports whether nobody else has it. File systems without locks count as
// locked.
func tryLock(f *os.File) bool {
	return !errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// syncFolder makes the names in a folder survive a power failure.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
