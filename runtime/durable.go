package nnrt

// This file answers: how is a file replaced so that, whatever happens, either the old one or the new one is there, whole?

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// tempSuffix ends the names of files that are being written: ".<name>.<random>.nngen-tmp".
const tempSuffix = ".nngen-tmp"

// replaceFile writes a file through fill. The new bytes go to a file beside it, are synced to disk, and take the name at once; then the
// folder is synced. After an error the old file is as it was, the half-written one is gone, and the error says so. A process that is
// killed leaves its half-written file, which a later writer removes: [removeAbandoned].
func replaceFile(path string, fill func(f *os.File) error) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a link stays one
	}
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	removeAbandoned(dir, func(name string) bool { return name == base })
	mode := fs.FileMode(0)
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s: got a folder or a device, want the name of a file", path)
	case err == nil:
		mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: not written: %w", path, err)
	}
	f, err := createTemp(dir, base)
	if err != nil {
		return fmt.Errorf("%s: not written: %w", path, err)
	}
	temp := f.Name()
	err = fill(f)
	if err == nil && mode != 0 {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if closeBeforeRename && err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		f.Close()
		was := "there was no such file before"
		if mode != 0 {
			was = "the file before it is untouched"
		}
		if gone := os.Remove(temp); gone != nil {
			was += ", and " + temp + " is left"
		}
		return fmt.Errorf("%s: not written (%s): %w", path, was, err)
	}
	if !closeBeforeRename {
		if err := f.Close(); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := syncFolder(dir); err != nil {
		return fmt.Errorf("%s: written, but a power failure may undo it: %w", path, err)
	}
	return nil
}

// createTemp creates a file with a new name in the folder and locks it, so that others see that its writer lives.
func createTemp(dir, base string) (*os.File, error) {
	for {
		name := filepath.Join(dir, fmt.Sprintf(".%s.%016x%s", base, rand.Uint64(), tempSuffix))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := lockFile(f); err != nil {
			f.Close()
			os.Remove(name)
			return nil, err
		}
		if sameFile(f, name) {
			return f, nil
		}
		f.Close() // someone took it for abandoned before it was locked
	}
}

// sameFile reports whether an open file still has a name.
func sameFile(f *os.File, name string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Lstat(name)
	return err == nil && os.SameFile(a, b)
}

// removeAbandoned removes what killed processes left half-written in a folder, of files whose names match. A file whose writer lives is
// locked and stays. Where files cannot be locked, nothing is removed. What cannot be removed is no error: it is in nobody's way.
func removeAbandoned(dir string, match func(base string) bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), tempSuffix)
		if !ok || !e.Type().IsRegular() || !strings.HasPrefix(name, ".") {
			continue
		}
		dot := strings.LastIndexByte(name, '.')
		if dot < 1 || len(name)-dot != len(".0123456789abcdef") || !match(name[1:dot]) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if tryLockFile(f) && sameFile(f, path) {
			os.Remove(path)
		}
		f.Close()
	}
}

// makeFolder makes a folder and those above it, and syncs the folders that they were made in.
func makeFolder(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s: got a file, want a folder", dir)
		}
		return nil
	}
	above := filepath.Dir(filepath.Clean(dir))
	if above != dir {
		if err := makeFolder(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(above)
}
