package emulator

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// anyPlay is a record and when it is looked at: soon, much later, or after an absence.
func anyPlay(t *rapid.T) (Record, time.Time) {
	r := anyRecord(t)
	r.Scenario = anyScenario(t)
	late := rapid.SampledFrom([]time.Duration{20 * time.Second, time.Hour, 30 * 24 * time.Hour}).Draw(t, "absence")
	return r, at(0).Add(time.Duration(rapid.Int64Range(0, int64(late)).Draw(t, "now")))
}

// The law: repeating next is advance, and no step of it jumps over a transition.
func TestNextAddsUpToAdvance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, now := anyPlay(t)
		backoff := rapid.SampledFrom([]time.Duration{time.Second, time.Millisecond, time.Minute}).Draw(t, "backoff")
		want, writes, transitions := advance(r, backoff, now), 0, 0
		for {
			after, due := next(r, backoff, now)
			if !due {
				if after != r {
					t.Fatalf("nothing is due, and %+v becomes %+v", r, after)
				}
				break
			}
			writes++
			moved := after.stage() != r.stage()
			if !moved && (r.Step != after.Step || r.Rollback != after.Rollback) && r.stage().flag != RollingBackAndWillRetry {
				t.Fatalf("%+v becomes %+v, which is not counted", r, after)
			}
			if !moved && r.State() != after.State() {
				t.Fatalf("%s becomes %s, which is not counted", r.State(), after.State())
			}
			if moved {
				transitions++
			} else if after.Terminal() || !now.Before(after.Due) {
				t.Fatalf("it stopped short of a transition, and something is due: %+v", after)
			}
			r = after
		}
		if r != want {
			t.Fatalf("transition by transition %+v, in one go %+v", r, want)
		}
		if transitions > 10 || writes > transitions+1 {
			t.Fatalf("%d transitions in %d writes", transitions, writes)
		}
	})
}

// What next jumps over is no transition: whoever looks at every moment at which something
// is due sees no stage that the writes do not have.
func TestNextJumpsOverNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t)
		r.Scenario = anyScenario(t)
		now := at(float64(rapid.IntRange(0, 3000).Draw(t, "now")) / 10)
		var closely, inWrites []stage
		add := func(to *[]stage, r Record) {
			if n := len(*to); n == 0 || (*to)[n-1] != r.stage() {
				*to = append(*to, r.stage())
			}
		}
		slow := r
		for add(&closely, slow); !slow.Terminal() && !slow.Due.After(now); add(&closely, slow) {
			slow = carry(slow, time.Second, slow.Due, func(Record) bool { return true }) // one thing at a time
		}
		for add(&inWrites, r); ; add(&inWrites, r) {
			var due bool
			if r, due = next(r, time.Second, now); !due {
				break
			}
		}
		if len(closely) != len(inWrites) {
			t.Fatalf("closely %v, in writes %v", closely, inWrites)
		}
		for i := range closely {
			if closely[i] != inWrites[i] {
				t.Fatalf("closely %v, in writes %v", closely, inWrites)
			}
		}
	})
}

// A transition comes at its moment, and not before.
func TestMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, now := anyPlay(t)
		r = advance(r, time.Second, now)
		comes, ok := moment(r, time.Second, now.Add(24*time.Hour))
		before, end := r.stage(), now.Add(24*time.Hour)
		if ok {
			end = comes.Add(-1)
			if after, _ := next(r, time.Second, comes); after.stage() == before {
				t.Fatalf("at %v there is no transition of %+v", comes, r)
			}
		}
		if after := advance(r, time.Second, end); after.stage() != before {
			t.Fatalf("by %v there was one already: %+v became %+v", end, r, after)
		}
	})
}

// An operation that was left alone for ten years of rounds is a handful of writes.
func TestTransitionsAreFew(t *testing.T) {
	s := paced
	s.PerformFails = Failure{Times: Always, Code: hresultTimeout}
	r := Record{Kind: generated.OperationTypePartitionDataLoss, Step: StepIntentSaved, Rollback: NotRollingBack, Due: at(2), Scenario: s}
	now, writes := at(10*365*24*3600), 0
	for due := true; due; writes++ {
		r, due = next(r, time.Second, now)
	}
	if writes != 5 { // looks up, acts, starts over, and once more to now; the last finds nothing
		t.Errorf("%d writes", writes)
	}
	if r, _ = cancel(r, false, server.Runtime); r.stage() != (stage{r.Step, RollingBackDueToUserCancel}) {
		t.Errorf("a cancel is no transition: %+v", r)
	}
}
