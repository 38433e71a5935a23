//go:build unix

package main

// This file answers: how is a waiting process kept from using the machine? It and all its threads and children are stopped.

import (
	"os/exec"
	"syscall"
)

func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// A process that has ended cannot be signalled; that shows when it is asked.
func pause(cmd *exec.Cmd)  { syscall.Kill(-cmd.Process.Pid, syscall.SIGSTOP) }
func resume(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGCONT) }
func kill(cmd *exec.Cmd)   { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
