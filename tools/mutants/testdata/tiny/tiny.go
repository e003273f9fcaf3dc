// Package tiny has tests that miss some of its mutants.
package tiny

// Clamp keeps n between 0 and top.
func Clamp(n, top int) int {
	if n > top { // > -> >= is the same program
		n = top
	}
	if n < 0 {
		n = 0
	}
	return n
}

// Size names a size. The expressions of a case are in no block of the cover tool.
func Size(n int) string {
	switch {
	case n < 10: // the tests miss the bound
		return "small"
	case even(n):
		return "even"
	}
	return "odd"
}

func even(n int) bool { return n%2 == 0 }

// Unreached has no test.
func Unreached(ready bool) int {
	if !ready {
		return 1
	}
	return 2
}

// Endless does not end if the assignment is lost.
func Endless(n int) int {
	rounds := 0
	for n != 0 {
		n /= 2
		rounds++
	}
	return rounds
}
