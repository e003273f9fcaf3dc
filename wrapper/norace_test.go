//go:build !race

package wrapper_test

const underRace = false
