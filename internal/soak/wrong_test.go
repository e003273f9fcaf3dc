package soak

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sfcancel/sfcancel/internal/racedetector"
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
	startIsNoLife     bool // takes an accepted start for no new life
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

	modest bool // and right: takes a force that was refused, and is in effect, for that of somebody else
}

var wrongs = []struct {
	name  string
	wrong wrong
	rough bool // it shows in the rough world only
	// rules are parts of the texts of the rules that each have to catch it; none for any.
	rules []string
}{
	{"retries a force blindly", wrong{blind: true}, false, nil},
	{"takes 404 for never existed", wrong{notFoundIsNever: true}, false, nil},
	{"ignores the probe", wrong{ignoresProbe: true}, false, nil},
	{"forces without evidence", wrong{noEvidence: true}, false, nil},
	{"resends to another endpoint", wrong{elsewhere: true}, false, nil},
	{"calls what was lost refused", wrong{lostIsFailed: true}, false, nil},
	{"calls a refused cancel accepted", wrong{refusedIsAccepted: true}, false, nil},
	{"forgets that a force may be late", wrong{forgetsLate: true}, false, nil},
	{"forces before the grace is over", wrong{noGrace: true}, false, nil},
	{"takes any start for its own", wrong{anyKind: true}, false, nil},
	{"trusts any body", wrong{trustBodies: true}, false, nil},
	{"gives up early", wrong{givesUpEarly: true}, false, nil},
	{"calls any start started already", wrong{anyKind: true}, true, []string{"had the id"}},
	{"resends a silent force", wrong{blind: true}, true, []string{"is not in effect"}},
	{"calls what a silence took refused", wrong{lostIsFailed: true}, true, []string{"it was carried out"}},
	{"counts another cluster", wrong{anyCluster: true}, true, []string{"without evidence", "no graceful cancel before is known"}},
	{"counts an earlier life", wrong{anyLife: true}, true, []string{"without evidence", "no graceful cancel before is known"}},
	{"takes a start for no new life", wrong{startIsNoLife: true}, true, []string{"without evidence"}},
	{"takes a grace from the future", wrong{fromFuture: true}, true, []string{"nothing to refuse"}},
	{"takes its own copy for a refusal", wrong{copyIsRefused: true}, true, []string{"it was carried out", "did not look"}},
	{"waits for ever for an answer", wrong{patient: true}, true, []string{"one request was swallowed", "and it took"}},
	{"stays with a gateway that hangs", wrong{stays: true}, true, []string{"are well, and it did not find out"}},
	{"forces without its ledger", wrong{noLedger: true}, true, []string{"had not been read"}},
	{"passes on a context of its own", wrong{anyContext: true}, true, []string{"is behind the error"}},
	{"takes any force for its own", wrong{ownsForce: true}, true, []string{"the force of somebody else is known"}},
	{"takes what exists for its own", wrong{ownsStart: true}, true, []string{"no start was lost"}},
	{"notes the unknown as refused", wrong{notesRefused: true}, true, []string{"that nothing happened"}},
	{"calls all clusters the same", wrong{oneName: true}, true, []string{"as if they were one"}},
}

// rights are right, each in a way of its own where there is a choice.
var rights = []wrong{{}, {modest: true}}

// catchIn is in how many runs a wrong one has to be caught. With -runs they are all
// played and counted, without it the first catch is enough.
const catchIn = 8000

// The judge lets the right one through, and catches every wrong one: otherwise the
// soak would prove nothing.
func TestSoakCatchesWrongWrappers(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays thousands of histories; make test and make whole run it")
	}
	t.Parallel()
	most, count := catchIn, *runs != defaultRuns
	if count {
		most = *runs
	}
	for n, w := range []world{0, wholeWorld, wholeWorld} {
		soak(t, w, *seed, *runs, makeMiniature(rights[n/2]), func(run *run) bool {
			found := run.judge()
			if len(found) > 0 {
				t.Errorf("a right one: world %b, seed %d\n%s\n%s", w, run.seed, found, run.history())
			}
			return len(found) == 0
		})
	}
	for n, one := range wrongs {
		if racedetector.On && !count && n%5 != 0 { // make whole tries them all
			continue
		}
		var played, caught int
		var first string
		left := slices.Clone(one.rules)
		w := world(0)
		if one.rough {
			w = wholeWorld
		}
		var mu sync.Mutex
		soak(t, w, *seed, most, makeMiniature(one.wrong), func(run *run) bool {
			found := run.judge()
			mu.Lock()
			defer mu.Unlock()
			played++
			if len(found) > 0 {
				caught++
				first = cmp.Or(first, fmt.Sprintf("seed %d: %s: %s", run.seed, found[0].sort, found[0].text))
			}
			for _, f := range found {
				left = slices.DeleteFunc(left, func(rule string) bool { return strings.Contains(f.text, rule) })
			}
			return count || caught == 0 || len(left) > 0
		})
		if caught == 0 || len(left) > 0 {
			t.Errorf("%s: caught %d times in %d runs, and not by %q", one.name, caught, most, left)
		}
		t.Logf("%-34s caught in %d of %d runs: %s", one.name, caught, played, first)
	}
}
