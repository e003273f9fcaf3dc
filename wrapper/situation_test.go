package wrapper_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// opID is the operation that most tests are about.
var opID = uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")

// situation is how an operation stands before a call.
type situation struct {
	name  string
	flag  emulator.Rollback // "" for no record
	state wrapper.State     // as shown; "" for no record
	make  func(tb testing.TB, c *cluster)
}

// situations are all of runtime §5.2 that a test can bring about.
var situations = []situation{
	{"unknown id", "", "", func(testing.TB, *cluster) {}},
	{"queued", emulator.NotRollingBack, wrapper.StateRunning, func(tb testing.TB, c *cluster) {
		c.start(tb, opID, "orders")
	}},
	{"running", emulator.NotRollingBack, wrapper.StateRunning, makeRunning},
	{"gracefully cancelled", emulator.RollingBackDueToUserCancel, wrapper.StateRollingBack, makeStopping},
	{"failing by itself", emulator.RollingBackAndWillFail, wrapper.StateRollingBack, makeFailing},
	{"forced", emulator.RollingBackForce, wrapper.StateRollingBack, makeForced},
	{"completed", emulator.NotRollingBack, wrapper.StateCompleted, over(makeRunning)},
	{"faulted", emulator.NotRollingBack, wrapper.StateFaulted, over(makeFailing)},
	{"cancelled and over", emulator.RollingBackDueToUserCancel, wrapper.StateCancelled, over(makeStopping)},
	{"forced and over", emulator.RollingBackForce, wrapper.StateForceCancelled, over(makeForced)},
}

func situationNamed(tb testing.TB, name string) situation {
	tb.Helper()
	for _, s := range situations {
		if s.name == name {
			return s
		}
	}
	tb.Fatalf("no situation is called %q", name)
	return situation{}
}

func makeRunning(tb testing.TB, c *cluster) {
	tb.Helper()
	c.start(tb, opID, "orders")
	c.clock.advance(queueTime)
}

func makeStopping(tb testing.TB, c *cluster) {
	tb.Helper()
	makeRunning(tb, c)
	must(tb, c.otherCancels(opID, false))
}

func makeForced(tb testing.TB, c *cluster) {
	tb.Helper()
	makeStopping(tb, c)
	must(tb, c.otherCancels(opID, true))
}

func makeFailing(tb testing.TB, c *cluster) {
	tb.Helper()
	c.start(tb, opID, failingService)
	c.clock.advance(queueTime + 2*stepTime)
}

// over lets what was made run to its end.
func over(make func(testing.TB, *cluster)) func(testing.TB, *cluster) {
	return func(tb testing.TB, c *cluster) {
		tb.Helper()
		make(tb, c)
		c.clock.advance(allTime)
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// The situations are what their names say, or no other test here means anything.
func TestSituations(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, s := range situations {
			c := newCluster(t, profile)
			s.make(t, c)
			r, found := c.record(t, opID)
			if found != (s.flag != "") || r.Rollback != s.flag {
				t.Errorf("%s: the flag is %q (found %v), want %q", s.name, r.Rollback, found, s.flag)
			}
			if found && wrapper.State(r.State()) != s.state {
				t.Errorf("%s: the state is %s, want %s", s.name, r.State(), s.state)
			}
		}
	})
}
