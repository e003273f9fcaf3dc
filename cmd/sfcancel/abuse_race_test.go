//go:build linux && race

package main

// underRace: the race detector needs up to a third of a MiB for each connection.
const underRace = true
