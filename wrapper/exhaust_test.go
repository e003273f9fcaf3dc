package wrapper_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// After every call you know what happened: for every situation, call, and none, one or
// two faults on its first three requests, what the call says is what the server recorded.
func TestExhaustive(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		budgets := []int{2, 3, 8}
		if testing.Short() {
			budgets = budgets[1:2] // and so no pairs: see worthIt
		}
		for _, attempts := range budgets {
			t.Run(fmt.Sprintf("%d attempts", attempts), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					x := &exploration{t: t, profile: profile, attempts: attempts, count: map[string]int{}}
					for _, from := range situations {
						for _, ask := range askings {
							x.explore(from, ask, script{}, 0)
						}
					}
					x.report()
				})
			})
		}
	})
}

type exploration struct {
	t        *testing.T
	profile  server.Profile
	attempts int
	count    map[string]int
}

// explore runs a script and all that go on from it, with one more fault on a later
// request. Faults on requests that the call does not make would change nothing.
func (x *exploration) explore(from situation, ask asking, s script, next int) {
	tr := &trial{c: newCluster(x.t, x.profile), from: from, ask: ask, script: s, attempts: x.attempts}
	tr.run(x.t)
	for _, wrong := range tr.judge(x.t) {
		x.t.Errorf("%s: %s", wrong, tr)
		if x.count["wrong"]++; x.count["wrong"] == 10 {
			x.t.Fatal("and so on")
		}
	}
	x.count[tr.outcome()]++
	x.count["calls"]++
	x.count["requests"] += tr.requests
	deep := 3
	switch {
	case ask.name == "Stop":
		deep = 4 // the cancel, a look, the force, a look
	case ask.wait != nil:
		deep = 2
	}
	for at := next; at < min(tr.requests, deep); at++ {
		for _, one := range spoils {
			more := script{at: one}
			maps.Copy(more, s)
			if x.worthIt(more, from, ask) {
				x.explore(from, ask, more, at+1)
			}
		}
	}
}

// worthIt leaves out triples, and under the race detector or with -short the pairs that are
// most like others: make whole tries them all.
func (x *exploration) worthIt(s script, from situation, ask asking) bool {
	if len(s) != 2 || !underRace && !testing.Short() {
		return len(s) <= 2
	}
	if ask.wait != nil {
		return false
	}
	situations := []string{"queued", "faulted", "cancelled and over"} // running, and the two other ends
	calls := []string{"Cancel again", "ForceCancel without evidence", "ForceCancel, graceful first",
		string(wrapper.KindQuorumLoss), string(wrapper.KindPartitionRestart), string(wrapper.KindNodeTransition)}
	faults := []string{"502 before", "502 after", "504 before", "504 after", "cut after", "HTML before", "hang after", "not sent", "403"}
	return x.attempts == 8 && !slices.Contains(situations, from.name) && !slices.Contains(calls, ask.name) &&
		!s.any(func(f spoil) bool { return slices.Contains(faults, f.name) })
}

func (x *exploration) report() {
	var parts []string
	for what, n := range x.count {
		parts = append(parts, fmt.Sprintf("%s %d", what, n))
	}
	slices.Sort(parts)
	x.t.Log(strings.Join(parts, ", "))
}
