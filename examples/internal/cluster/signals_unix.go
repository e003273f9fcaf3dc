//go:build unix

package cluster

import "syscall"

const (
	hold = syscall.SIGSTOP
	goOn = syscall.SIGCONT
)
