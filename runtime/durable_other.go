//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package nnrt

// This file answers: what stands for locks and synced folders where the system has none, or none that Go's library reaches?

import "os"

// closeBeforeRename: an open file cannot take another name.
const closeBeforeRename = true

func lockFile(*os.File) error { return nil }

// tryLockFile reports false, so no file is taken for abandoned.
func tryLockFile(*os.File) bool { return false }

func lockFolder(string) (*os.File, bool, error) { return nil, true, nil }

func syncFolder(string) error { return nil }
