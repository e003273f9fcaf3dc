//go:build linux && !race

package main

import "time"

const (
	underRace = false
	// hang is where waiting ends and a failure begins. It guards against a server that
	// hangs; how fast a server is, no test here asserts.
	hang = 15 * time.Second
)
