//go:build race

package soak

// defaultRuns: the race detector makes everything several times slower.
const defaultRuns = 150
