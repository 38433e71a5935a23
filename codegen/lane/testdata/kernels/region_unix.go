//go:build unix

package main

import "syscall"

// newRegion returns memory between two pages that may not be read.
func newRegion() ([]byte, error) {
	page := syscall.Getpagesize()
	all, err := syscall.Mmap(-1, 0, regionBytes+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	for _, edge := range [][]byte{all[:page], all[page+regionBytes:]} {
		if err := syscall.Mprotect(edge, syscall.PROT_NONE); err != nil {
			return nil, err
		}
	}
	return all[page : page+regionBytes], nil
}
