//go:build !unix

package cluster

import "syscall"

// This system cannot pause a process.
const pause, resume syscall.Signal = 0, 0
