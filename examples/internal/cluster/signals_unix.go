//go:build unix

package cluster

import "syscall"

const (
	pause  = syscall.SIGSTOP
	resume = syscall.SIGCONT
)
