//go:build !race

package soak

const defaultRuns = 2000
