package soak

import (
	"testing"
)

// A seed is all it takes to see a run again, as long as the wrapper draws nothing itself.
func TestReplay(t *testing.T) {
	t.Parallel()
	all, err := newDesks()
	if err != nil {
		t.Fatal(err)
	}
	worlds := []world{0, wholeWorld}
	for n := range uint64(2 * (min(defaultRuns, histories()) / 10)) {
		var before string
		for range 2 {
			run, err := bubble(t, *seed+n/2, worlds[n%2], all, makeWrapper)
			if err != nil {
				t.Fatal(err)
			}
			if !run.plan.exact {
				break
			}
			now := run.history()
			if before != "" && now != before {
				t.Errorf("seed %d:\n%s\nand again:\n%s", run.seed, before, now)
			}
			before = now
		}
	}
}
