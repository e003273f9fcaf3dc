package tiny_test

import (
	"testing"

	"github.com/sfcancel/sfcancel/tools/mutants/testdata/tiny"
)

func TestClamp(t *testing.T) {
	for _, tc := range []struct{ n, top, want int }{{-1, 3, 0}, {0, 3, 0}, {1, 3, 1}, {3, 3, 3}, {4, 3, 3}} {
		if got := tiny.Clamp(tc.n, tc.top); got != tc.want {
			t.Errorf("Clamp(%d, %d) = %d, want %d", tc.n, tc.top, got, tc.want)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int]string{1: "small", 12: "even", 13: "odd"} {
		if got := tiny.Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestEndless(t *testing.T) {
	if got := tiny.Endless(4); got != 3 {
		t.Errorf("Endless(4) = %d, want 3", got)
	}
}
