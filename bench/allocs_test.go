package main

import "testing"

// Allocations do not depend on the speed of the machine, so a test can check them, unlike times.
func TestAllocations(t *testing.T) {
	for _, w := range workloads() {
		for _, g := range w.goals {
			if g.most == (cost{}) {
				continue
			}
			t.Run(g.name, func(t *testing.T) {
				sides, closeAll, err := w.open()
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := closeAll(); err != nil {
						t.Error(err)
					}
				})
				got, err := spend(sides[0])
				if err != nil {
					t.Fatal(err)
				}
				switch can := g.can.most != (cost{}); {
				case can && got.within(g.most):
					t.Errorf("got %+v, want more than %+v: the goal is met, but declared out of reach", got, g.most)
				case !got.within(g.bearable()):
					t.Errorf("got %+v, want at most %+v (0 means no limit)", got, g.bearable())
				}
			})
		}
	}
}
