//go:build race

package soak

// The race detector makes everything several times slower.
const (
	underRace   = true
	defaultRuns = 150
)
