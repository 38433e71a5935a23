//go:build !unix

package main

// This file answers: what is done where processes cannot be stopped? They wait for input, which is all that can be asked of them.

import "os/exec"

func ownGroup(*exec.Cmd) {}
func pause(*exec.Cmd)    {}
func resume(*exec.Cmd)   {}
func kill(cmd *exec.Cmd) { cmd.Process.Kill() }
