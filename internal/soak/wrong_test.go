package soak

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// wrong says in which way a miniature is wrong. The zero value is right.
type wrong struct {
	blind             bool // sends a lost force again without asking
	notFoundIsNever   bool // takes a 404 for an operation that never was
	ignoresProbe      bool // takes any answer to the probe for a force that arrived
	noEvidence        bool // forces whatever the policy says
	elsewhere         bool // sends what was lost to another gateway
	lostIsFailed      bool // calls what was lost refused
	refusedIsAccepted bool // calls a graceful cancel accepted that was refused
	forgetsLate       bool // takes a force that has not landed for one that never will
	noGrace           bool // forces before the grace is over
	anyKind           bool // takes a start of another kind for its own
	trustBodies       bool // takes a 200 for a success whatever comes with it
	givesUpEarly      bool // does not ask again
}

var wrongs = []struct {
	name  string
	wrong wrong
}{
	{"retries a force blindly", wrong{blind: true}},
	{"takes 404 for never existed", wrong{notFoundIsNever: true}},
	{"ignores the probe", wrong{ignoresProbe: true}},
	{"forces without evidence", wrong{noEvidence: true}},
	{"resends to another endpoint", wrong{elsewhere: true}},
	{"calls what was lost refused", wrong{lostIsFailed: true}},
	{"calls a refused cancel accepted", wrong{refusedIsAccepted: true}},
	{"forgets that a force may be late", wrong{forgetsLate: true}},
	{"forces before the grace is over", wrong{noGrace: true}},
	{"takes any start for its own", wrong{anyKind: true}},
	{"trusts any body", wrong{trustBodies: true}},
	{"gives up early", wrong{givesUpEarly: true}},
}

// catchIn is in how many runs a wrong one has to be caught. With -runs they are all
// played and counted, without it the first catch is enough.
const catchIn = 8000

// The judge lets the right one through, and catches every wrong one: otherwise the
// soak would prove nothing.
func TestSoakCatchesWrongWrappers(t *testing.T) {
	t.Parallel()
	most, count := catchIn, *runs != defaultRuns
	if count {
		most = *runs
	}
	soak(t, 0, *seed, *runs, makeMiniature(wrong{}), func(run *run) bool {
		found := run.judge()
		if len(found) > 0 {
			t.Errorf("the right one: seed %d\n%s\n%s", run.seed, found, run.history())
		}
		return len(found) == 0
	})
	for _, one := range wrongs {
		var caught, played atomic.Int64
		var mu sync.Mutex
		var first string
		soak(t, 0, *seed, most, makeMiniature(one.wrong), func(run *run) bool {
			played.Add(1)
			found := run.judge()
			if len(found) > 0 && caught.Add(1) == 1 {
				mu.Lock()
				defer mu.Unlock()
				first = fmt.Sprintf("seed %d: %s: %s", run.seed, found[0].sort, found[0].text)
			}
			return count || len(found) == 0
		})
		if caught.Load() == 0 {
			t.Errorf("%s: not caught in %d runs", one.name, most)
		}
		t.Logf("%-32s caught in %d of %d runs: %s", one.name, caught.Load(), played.Load(), first)
	}
}
