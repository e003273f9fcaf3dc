//go:build race

package wrapper_test

// underRace reports that the race detector is on, which makes tests several times slower.
const underRace = true
