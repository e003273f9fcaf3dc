//go:build !unix

package cluster

import "syscall"

// There is no way to hold a process here.
const hold, goOn syscall.Signal = 0, 0
