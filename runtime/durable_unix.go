//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package nnrt

// This file answers: how are files and folders locked, and folders synced, on Unix?

import (
	"errors"
	"os"
	"syscall"
)

// closeBeforeRename: a file may take another name while it is open, and so stays locked until it has it.
const closeBeforeRename = false

// lockFile waits for the lock of a file. It goes when the file is closed or its process dies. File systems without locks count as locked.
func lockFile(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		switch {
		case err == nil || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.ENOLCK):
			return nil
		case !errors.Is(err, syscall.EINTR):
			return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
	}
}

// tryLockFile takes the lock of a file if nobody has it. Where there are no locks it does not.
func tryLockFile(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// lockFolder takes the lock of a folder until the file that it returns is closed or the process dies. It reports false if another has
// it. Where folders cannot be locked it has nothing to say.
func lockFolder(dir string) (*os.File, bool, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, false, err
	}
	if errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
		f.Close()
		return nil, false, nil
	}
	return f, true, nil
}

// syncFolder makes the names in a folder survive a power failure. File systems that cannot say so with EINVAL.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
