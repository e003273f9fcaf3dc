//go:build !race

package racedetector

// On reports whether the binary was built with -race.
const On = false
