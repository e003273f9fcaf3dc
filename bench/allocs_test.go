package main

import "testing"

// Allocations do not depend on the speed of the machine, so that they can be held by a test; times cannot.
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
					t.Errorf("got %+v of %+v: the goal is met, and said to be one that cannot be had", got, g.most)
				case !got.within(g.bearable()):
					t.Errorf("got %+v, want at most %+v (0 is no limit)", got, g.bearable())
				}
			})
		}
	}
}
