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
	anyCluster        bool // counts evidence of another cluster
	anyLife           bool // counts evidence of an earlier life of the id
	fromFuture        bool // lets a grace begin in the future
	copyIsRefused     bool // takes what its own copy brought about for a refusal
	patient           bool // waits for an answer as long as its context lasts
	stays             bool // never goes to another gateway
	noLedger          bool // forces although the ledger failed
	anyContext        bool // passes on the end of a context of its own
	ownsForce         bool // takes the force of somebody else for its own
	ownsStart         bool // takes what somebody else started for its own
	notesRefused      bool // notes what it does not know as refused
	oneName           bool // calls all clusters the same in the ledger
}

var wrongs = []struct {
	name  string
	wrong wrong
	rough bool // it shows in the rough world only
}{
	{"retries a force blindly", wrong{blind: true}, false},
	{"takes 404 for never existed", wrong{notFoundIsNever: true}, false},
	{"ignores the probe", wrong{ignoresProbe: true}, false},
	{"forces without evidence", wrong{noEvidence: true}, false},
	{"resends to another endpoint", wrong{elsewhere: true}, false},
	{"calls what was lost refused", wrong{lostIsFailed: true}, false},
	{"calls a refused cancel accepted", wrong{refusedIsAccepted: true}, false},
	{"forgets that a force may be late", wrong{forgetsLate: true}, false},
	{"forces before the grace is over", wrong{noGrace: true}, false},
	{"takes any start for its own", wrong{anyKind: true}, false},
	{"trusts any body", wrong{trustBodies: true}, false},
	{"gives up early", wrong{givesUpEarly: true}, false},
	{"calls any start started already", wrong{anyKind: true}, true},
	{"resends a silent force", wrong{blind: true}, true},
	{"calls what a silence took refused", wrong{lostIsFailed: true}, true},
	{"counts another cluster", wrong{anyCluster: true}, true},
	{"counts an earlier life", wrong{anyLife: true}, true},
	{"takes a grace from the future", wrong{fromFuture: true}, true},
	{"takes its own copy for a refusal", wrong{copyIsRefused: true}, true},
	{"waits for ever for an answer", wrong{patient: true}, true},
	{"stays with a gateway that hangs", wrong{stays: true}, true},
	{"forces without its ledger", wrong{noLedger: true}, true},
	{"passes on a context of its own", wrong{anyContext: true}, true},
	{"takes any force for its own", wrong{ownsForce: true}, true},
	{"takes what exists for its own", wrong{ownsStart: true}, true},
	{"notes the unknown as refused", wrong{notesRefused: true}, true},
	{"calls all clusters the same", wrong{oneName: true}, true},
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
	for _, w := range []world{0, wholeWorld} {
		soak(t, w, *seed, *runs, makeMiniature(wrong{}), func(run *run) bool {
			found := run.judge()
			if len(found) > 0 {
				t.Errorf("the right one: world %b, seed %d\n%s\n%s", w, run.seed, found, run.history())
			}
			return len(found) == 0
		})
	}
	for _, one := range wrongs {
		var caught, played atomic.Int64
		var mu sync.Mutex
		var first string
		w := world(0)
		if one.rough {
			w = wholeWorld
		}
		soak(t, w, *seed, most, makeMiniature(one.wrong), func(run *run) bool {
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
		t.Logf("%-34s caught in %d of %d runs: %s", one.name, caught.Load(), played.Load(), first)
	}
}
