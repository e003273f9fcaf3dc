//go:build !race

// Package racedetector tells tests whether the race detector is on, which makes them several times slower and larger.
package racedetector

// On reports whether the binary was built with -race.
const On = false
