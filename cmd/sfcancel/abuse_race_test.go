//go:build linux && race

package main

import "time"

const (
	// underRace: the race detector needs up to a third of a MiB for each connection,
	// and makes everything several times slower.
	underRace = true
	// hang is where waiting ends and a failure begins.
	hang = 30 * time.Second
)
