// Package storetest is the contract of package store as tests. A driver is
// finished when [Run] passes with -race, and [RunDurable] too if what it holds
// outlives the process:
//
//	func TestContract(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store { return memory.New() })
//	}
//
// Nothing here measures time or sleeps. Each named sub-test works on a store of
// its own, so one can be run alone with -run.
package storetest

import (
	"slices"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

// clause is one sentence of the contract, checked on an empty store.
type clause struct {
	name  string
	check func(t *testing.T, s store.Store)
}

// Run checks everything that [store.Store] promises. open returns a new, empty
// store that nobody else writes to, and fails t if it cannot; it is called once
// for each sub-test, which closes the store. open may use t.TempDir and
// t.Cleanup.
//
// It commits up to 2 200 transactions with 17 MB in all to one store. A driver that
// remembers more than that, but not everything, has to test itself what a Watch says
// of the rest.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for _, c := range slices.Concat(getting(), listing(), scanning(), recalling(), committing(), batching(), refusing(),
		ending(), owning(), racing(), watching(), remembering(), closing(), modelling()) {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			c.check(t, s)
		})
	}
}
