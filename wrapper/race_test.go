//go:build race

package wrapper_test

// underRace: the race detector makes everything several times slower.
const underRace = true
