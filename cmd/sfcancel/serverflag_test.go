package main

import "testing"

// A flag is offered where it has an effect.
func TestServerTimeoutIsOfferedWhereItCounts(t *testing.T) {
	offered := map[string]bool{"cancel": true, "force": true, "stop": true, "cancel-all": true, "stop-all": true, "reap": true, "data-loss": true, "quorum-loss": true, "restart": true, "node-transition": true}
	for _, cmd := range append(newRoot().Commands(), newStart().Commands()...) {
		if got := cmd.Flags().Lookup("server-timeout") != nil; got != offered[cmd.Name()] {
			t.Errorf("%s offers --server-timeout: %t", cmd.Name(), got)
		}
	}
}
