package wrapper_test

import (
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/server"
)

// deeds are what others may do between two requests of a call.
var deeds = []struct {
	name string // for those who read a failure
	do   func(tb testing.TB, tr *trial)
}{
	{"nothing", func(testing.TB, *trial) {}},
	{"another cancels", func(_ testing.TB, tr *trial) {
		if tr.c.otherCancels(opID, false) == nil {
			tr.othersCancelled = true
		}
	}},
	{"another forces", func(_ testing.TB, tr *trial) {
		if tr.c.otherCancels(opID, true) == nil {
			tr.othersCancelled, tr.othersForced = true, true
		}
	}},
	{"another starts it", func(tb testing.TB, tr *trial) {
		if _, found := tr.c.record(tb, opID); !found {
			tr.c.start(tb, opID, "orders")
		}
	}},
	{"a step passes", func(_ testing.TB, tr *trial) { tr.c.clock.advance(stepTime) }},
	{"all time passes", func(_ testing.TB, tr *trial) { tr.c.clock.advance(allTime) }},
}

// What a call says is true, whatever is lost, whatever arrives late, and whoever else
// cancels, forces, or starts the operation between its requests.
func TestTruth(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		rounds := 5 // of rapid's hundred
		if underRace || testing.Short() {
			rounds = 2 // make whole plays them all
		}
		for range rounds {
			rapid.Check(t, func(rt *rapid.T) {
				from := situations[rapid.IntRange(0, len(situations)-1).Draw(rt, "situation")]
				attempts := rapid.IntRange(1, 9).Draw(rt, "attempts")
				faults := rapid.SliceOfN(rapid.IntRange(-1, len(spoils)-1), 0, 6).Draw(rt, "faults")
				between := rapid.SliceOfN(rapid.IntRange(0, len(deeds)-1), 0, 6).Draw(rt, "deeds")
				for _, ask := range askings {
					tr := &trial{from: from, ask: ask, attempts: attempts, script: script{}}
					for at, f := range faults {
						if f >= 0 {
							tr.script[at] = spoils[f]
						}
					}
					for _, wrong := range tr.among(t, profile, between) {
						rt.Errorf("%s: %s", wrong, tr)
					}
				}
			})
		}
	})
}

// among runs the trial with others about, in virtual time, and judges it.
func (tr *trial) among(t *testing.T, profile server.Profile, between []int) (wrong []string) {
	synctest.Test(t, func(t *testing.T) {
		tr.c = newCluster(t, profile)
		tr.before = func(n int) {
			if n < len(between) {
				deeds[between[n]].do(t, tr)
			}
		}
		tr.run(t)
		wrong = tr.judge(t)
	})
	return wrong
}
