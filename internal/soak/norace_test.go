//go:build !race

package soak

const (
	underRace   = false
	defaultRuns = 2000
)
