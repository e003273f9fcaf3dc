package soak

import (
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	runs = flag.Int("runs", defaultRuns, "how many histories")
	seed = flag.Uint64("seed", 1, "of the first history; the next one has the next")
)

// histories is how many to play: what the flag says, or less with -short, where make test
// plays defaultRuns.
func histories() int {
	if testing.Short() && *runs == defaultRuns {
		return defaultRuns / 15
	}
	return *runs
}

// batch is how many runs a worker takes at once.
const batch = 25

// After every call you know what happened.
func TestSoak(t *testing.T) {
	t.Parallel()
	defer debug.SetGCPercent(debug.SetGCPercent(1600)) // a run leaves little, and much garbage
	began := time.Now()
	w := worldOf(t)
	var sum tally
	for range times() {
		sum.forget()
		soak(t, w, *seed, histories(), makeWrapper, func(run *run) bool {
			found := run.judge()
			if bad := sum.add(run, found); bad <= 3 && len(found) > 0 {
				t.Errorf("replay it with -runs=1 -seed=%d -world=%s\n%s\n%s", run.seed, *worldFlag, found, run.history())
			}
			return true
		})
		if t.Failed() {
			break
		}
	}
	took := time.Since(began)
	fmt.Println(sum.String())
	fmt.Println(sum.unknowns.compared(*worldFlag))
	t.Logf("%d requests in %v, %.0f runs/s", sum.requests, took.Round(time.Millisecond), float64(histories())/took.Seconds())
	for _, line := range sum.kinds() {
		t.Log(line)
	}
}

// worldOf is the world that the flag names.
func worldOf(t *testing.T) world {
	t.Helper()
	w, err := parseWorld(*worldFlag)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// times is how often the histories are played. A single one is played until it fails: not
// all of them are exact, because what the wrapper draws itself comes from no seed.
func times() int {
	if *runs == 1 {
		return 200
	}
	return 1
}

// bubble plays one history in a bubble of its own, where it is always the same time.
func bubble(t *testing.T, seed uint64, w world, all desks, make maker) (run *run, err error) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { run, err = play(seed, w, all, make) })
	return run, err
}

// soak plays so many histories, in bubbles on every processor, or fewer if judge says so.
func soak(t *testing.T, w world, first uint64, runs int, make maker, judge func(*run) (goOn bool)) {
	t.Helper()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (runs+batch-1)/batch) {
		workers.Go(func() {
			all, err := newDesks()
			if err != nil {
				t.Error(err)
				return
			}
			for {
				from := int(next.Add(1)-1) * batch
				if from >= runs {
					return
				}
				for n := from; n < min(from+batch, runs); n++ {
					run, err := bubble(t, first+uint64(n), w, all, make)
					if err != nil {
						t.Error(err)
						return
					}
					if !judge(run) {
						next.Store(int64(runs)) // no other batch
						return
					}
				}
			}
		})
	}
	workers.Wait()
}
