package emulator_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
)

// TestListFilters is runtime §5.10, before and after the records moved to
// the history.
func TestListFilters(t *testing.T) {
	fails, retries := make(map[uuid.UUID]bool), make(map[uuid.UUID]bool)
	c := newCluster(t, server.Runtime, nil, emulator.WithScenario(func(r emulator.Record) emulator.Scenario {
		s := emulator.Scenario{Perform: 10 * second, Undo: 10 * second}
		if fails[r.ID] {
			s.PerformFails = always(-2147017753)
		}
		if retries[r.ID] {
			s.PerformFails = always(-2147017729)
		}
		return s
	}))
	failing := func(n int) uuid.UUID {
		id := uuid.New()
		fails[id] = true
		c.startAs(n, id)
		return id
	}
	completed, faulted := c.start(0), failing(1)
	cancelledDone, cancelledFailed := c.start(2), failing(2)
	forcedDone, forcedFailed := c.start(0), failing(0)
	for _, id := range []uuid.UUID{cancelledDone, cancelledFailed, forcedDone, forcedFailed} {
		c.cancel(id, "false")
	}
	for _, id := range []uuid.UUID{forcedDone, forcedFailed} {
		c.cancel(id, "true")
	}
	c.pass(100 * second)
	ownFault, willRetry := failing(1), uuid.New()
	retries[willRetry] = true
	c.startAs(2, willRetry)
	c.pass(10 * second)
	running, rolling := c.start(0), c.start(1)
	c.cancel(rolling, "false")

	all := []uuid.UUID{completed, faulted, cancelledDone, cancelledFailed, forcedDone, forcedFailed, running, rolling, ownFault, willRetry}
	for _, swept := range []bool{false, true} {
		if swept {
			if err := c.engine.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range []struct {
			name          string
			kinds, states string
			want          []uuid.UUID
		}{
			{"0xFFFF is everything", "65535", "0xFFFF", all},
			{"TypeFilter 0 is every kind", "0", "65535", all},
			{"StateFilter 0 is nothing", "65535", "0", nil},
			{"running, also the rolling-back ones", "65535", "1", []uuid.UUID{running, rolling, ownFault, willRetry}},
			{"rolling back, but not what will retry", "65535", "2", []uuid.UUID{rolling, ownFault}},
			{"4 has no meaning", "65535", "4", nil},
			{"completed, also what a cancel ended after its last step", "65535", "8", []uuid.UUID{completed, cancelledDone, forcedDone}},
			{"failed, also what a cancel ended otherwise", "65535", "16", []uuid.UUID{faulted, cancelledFailed, forcedFailed}},
			{"cancelled", "65535", "32", []uuid.UUID{cancelledDone, cancelledFailed}},
			{"force-cancelled", "65535", "64", []uuid.UUID{forcedDone, forcedFailed}},
			{"bits add up", "65535", "96", []uuid.UUID{cancelledDone, cancelledFailed, forcedDone, forcedFailed}},
			{"one kind", "1", "65535", []uuid.UUID{completed, forcedDone, forcedFailed, running}},
			{"an unknown kind bit is nothing", "16", "65535", nil},
		} {
			t.Run(f.name, func(t *testing.T) {
				for _, id := range all {
					listed := false
					for _, op := range c.list(f.kinds, f.states) {
						listed = listed || op.OperationID == id
					}
					if want := slices.Contains(f.want, id); listed != want {
						t.Errorf("swept=%t: %s (%s) listed: %t, want %t", swept, id, c.state(id), listed, want)
					}
				}
			})
		}
	}
}

// §5.10: active operations come first, whatever is written down of the others.
func TestListOrder(t *testing.T) {
	c := newCluster(t, server.Runtime, nil)
	over, running := uuid.UUID{1}, uuid.UUID{2}
	c.startAs(0, over)
	c.pass(10 * second)
	c.startAs(0, running)
	if listed := c.list("65535", "65535"); len(listed) != 2 || listed[0].OperationID != running {
		t.Errorf("%+v", listed)
	}
}
