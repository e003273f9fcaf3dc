package wrapper_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// carriedOut counts the requests of a call that the server carried out.
func carriedOut(c *sftest.Cluster, call sftest.Call) (n int) {
	for _, r := range c.Requests() {
		if call.Match(r) && r.Server == 200 {
			n++
		}
	}
	return n
}

// Whatever answer is lost, with its effect or without: it ends the same, by one force.
func TestStopLostAnswers(t *testing.T) {
	t.Parallel()
	faults := map[string]sftest.Fault{
		"lost":                  sftest.DropBefore(),
		"lost, but carried out": sftest.DropAfter(),
		"503":                   sftest.Status(503, "FABRIC_E_NOT_PRIMARY"),
		"504, but carried out":  sftest.Answer{Status: 504, Code: "FABRIC_E_TIMEOUT"}.After(),
		"hanging":               sftest.HangAfter(),
		"no answer of the API":  sftest.Answer{Status: 200, Body: "<html>"}.After(),
	}
	for _, call := range []sftest.Call{sftest.Graceful, sftest.GetFaultOperationList, sftest.Force} {
		for name, fault := range faults {
			t.Run(string(call)+" "+name, func(t *testing.T) {
				t.Parallel()
				inBubble(t, func(t *testing.T, c *sftest.Cluster) {
					id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: slow})
					c.On(call, fault)
					begin := time.Now()
					client := c.Client(wrapper.WithRetry(wrapper.Retry{AttemptTimeout: 2 * time.Second}))
					got, err := client.Stop(t.Context(), id, wrapper.StopOptions{Grace: 10 * time.Second})
					truthful(t, c, id, got, err)
					asked, forces := cancels(c, begin)
					if got.State != wrapper.StateForceCancelled || carriedOut(c, sftest.Force) != 1 || forces[0] < asked[0]+10*time.Second {
						t.Errorf("%s after %v", got.State, c.Requests())
					}
					if lost := call == sftest.Force && len(forces) == 1; got.Resolved != lost {
						t.Errorf("resolved %v after %v", got.Resolved, c.Requests())
					}
				})
			})
		}
	}
}

// The end of the operation is told even if the look that would show it is lost.
func TestStopLastLookLost(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: 5 * time.Second}})
		time.AfterFunc(5*time.Second, func() { c.On(sftest.GetFaultOperationList, sftest.DropAfter()).Times(5) })
		got, err := c.Client().Stop(t.Context(), id, wrapper.StopOptions{})
		if truthful(t, c, id, got, err); got.State != wrapper.StateCancelled {
			t.Errorf("got %s", got.State)
		}
	})
}

// interruptions of a stop of an operation that is stuck: when its context ends, and what
// had been asked for.
var interruptions = []struct {
	name   string
	script func(c *sftest.Cluster)
	at     time.Duration
	kind   error
	state  wrapper.State
	forced bool
	noted  []wrapper.Action // as in effect
}{
	{"before it began", nil, 0, wrapper.ErrNotSent, "", false, nil},
	{"in the graceful cancel", func(c *sftest.Cluster) { c.On(sftest.Graceful, sftest.HangAfter()) }, time.Second, wrapper.ErrOutcomeUnknown, "", false, nil},
	{"in the grace", nil, 5*time.Second + 1, wrapper.ErrNotFinished, "RollingBack", false, []wrapper.Action{"graceful"}},
	{"in a look of the grace", func(c *sftest.Cluster) { c.On(sftest.GetFaultOperationList, sftest.HangBefore()) },
		5 * time.Second, wrapper.ErrNotFinished, "RollingBack", false, []wrapper.Action{"graceful"}},
	{"in the force", func(c *sftest.Cluster) { c.On(sftest.Force, sftest.HangAfter()) },
		11 * time.Second, wrapper.ErrOutcomeUnknown, "RollingBack", true, []wrapper.Action{"graceful"}},
	{"after the force", nil, 15 * time.Second, wrapper.ErrNotFinished, "RollingBack", true, []wrapper.Action{"graceful", "force"}},
}

// Who is interrupted knows how far it came; a repetition goes on from there, by the same ledger.
func TestStopInterrupted(t *testing.T) {
	t.Parallel()
	for _, tc := range interruptions {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: slow})
				if tc.script != nil {
					tc.script(c)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(tc.at, cancel)
				if tc.at == 0 {
					cancel()
				}
				begin, ledger := time.Now(), new(wrapper.MemoryLedger)
				options := wrapper.StopOptions{Grace: 10 * time.Second}
				_, err := c.Client(wrapper.WithLedger(ledger)).Stop(ctx, id, options)
				e := asOnly(t, err, tc.kind)
				if e.State() != tc.state || e.Force() != tc.forced || !errors.Is(err, context.Canceled) || time.Since(begin) != tc.at {
					t.Errorf("after %v: %v, force %v", time.Since(begin), err, e.Force())
				}
				if got := inEffect(ledger, id); !slices.Equal(got, tc.noted) {
					t.Errorf("noted as in effect: %v, want %v", got, tc.noted)
				}
				again, err := c.Client(wrapper.WithLedger(ledger)).Stop(t.Context(), id, options)
				if err != nil || again.State != wrapper.StateForceCancelled || carriedOut(c, sftest.Force) != 1 {
					t.Errorf("again: %s, %v: %v", again.State, err, c.Requests())
				}
				asked, forces := cancels(c, begin)
				if len(tc.noted) > 0 && !tc.forced && forces[0] != asked[0]+10*time.Second {
					t.Errorf("the graceful cancel went out after %v, the force after %v", asked[0], forces[0])
				}
			})
		})
	}
}

// inEffect are the actions that a ledger knows to be in effect.
func inEffect(l wrapper.Ledger, id uuid.UUID) (actions []wrapper.Action) {
	entries, _ := l.Entries(background(), id)
	for _, e := range entries {
		if e.Verdict == wrapper.Accepted {
			actions = append(actions, e.Action)
		}
	}
	return actions
}

// A cluster that is down in the grace, or for longer, is asked again; the force goes out late.
func TestStopOutage(t *testing.T) {
	t.Parallel()
	for _, outage := range outages[:5] {
		for _, lasts := range []time.Duration{10 * time.Second, 50 * time.Second} {
			t.Run(outage.name+" for "+lasts.String(), func(t *testing.T) {
				t.Parallel()
				bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
					id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck})
					time.AfterFunc(5*time.Second, func() { time.AfterFunc(lasts, outage.begin(c)) })
					begin := time.Now()
					retry := wrapper.Retry{AttemptTimeout: 2 * time.Second, MaxAttempts: 50}
					got, err := c.Client(wrapper.WithRetry(retry)).Stop(background(), id, wrapper.StopOptions{Grace: 30 * time.Second})
					if err != nil || got.State != wrapper.StateForceCancelled || !got.Force || carriedOut(c, sftest.Force) != 1 {
						t.Fatalf("got %s, %v", got.State, err)
					}
					if _, forces := cancels(c, begin); forces[0] < 30*time.Second || forces[0] > 2*time.Minute {
						t.Errorf("forced after %v", forces)
					}
				})
			})
		}
	}
}

// A ledger that cannot be read or written changes what is known, not what is done, as long as
// no force is needed ([TestForceNeedsLedger]).
func TestStopLedgerErr(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		for _, r := range []emulator.Record{
			{Scenario: emulator.Scenario{Perform: time.Second}},
			{Step: emulator.StepLookingUpState, Scenario: slow, Rollback: emulator.RollingBackForce},
			{Step: emulator.StepFailed},
		} {
			id, begin := c.Put(r), time.Now()
			got, err := c.Client(wrapper.WithLedger(hangingLedger{})).Stop(t.Context(), id, wrapper.StopOptions{Grace: 10 * time.Second})
			if err != nil || got.Verdict != wrapper.Finished || got.LedgerErr == nil || errors.Is(got.LedgerErr, context.DeadlineExceeded) {
				t.Errorf("got %s, %v, LedgerErr %v", got.Verdict, err, got.LedgerErr)
			}
			if took := time.Since(begin); took > 2*time.Minute {
				t.Errorf("it took %v", took)
			}
		}
	})
}

// What could not be noted is told with the end, whichever of the two cancels it was.
func TestStopNotNoted(t *testing.T) {
	t.Parallel()
	quick, late := emulator.Scenario{Perform: 5 * time.Second}, emulator.Scenario{LookUp: 30 * time.Second}
	for name, tc := range map[string]struct {
		put   emulator.Record
		fails wrapper.Action
		told  bool
	}{
		"graceful, ends in the grace": {emulator.Record{Scenario: quick}, "graceful", true},
		"graceful, is forced":         {emulator.Record{Step: emulator.StepLookingUpState, Scenario: late}, "graceful", true},
		"force":                       {emulator.Record{Step: emulator.StepLookingUpState, Scenario: late}, "force", true},
		"a force that is not needed":  {emulator.Record{Scenario: quick}, "force", false},
	} {
		bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
			id := c.Put(tc.put)
			got, err := c.Client(wrapper.WithLedger(&notesNo{action: tc.fails})).Stop(t.Context(), id, wrapper.StopOptions{Grace: 10 * time.Second})
			if truthful(t, c, id, got, err); errors.Is(got.LedgerErr, errOwn) != tc.told {
				t.Errorf("%s: LedgerErr %v", name, got.LedgerErr)
			}
		})
	}
}

// notesNo is a ledger that cannot note how one action ended.
type notesNo struct {
	wrapper.MemoryLedger
	action wrapper.Action
}

func (l *notesNo) Append(ctx context.Context, e wrapper.Entry) error {
	if e.Action == l.action && e.Verdict != "" {
		return errOwn
	}
	return l.MemoryLedger.Append(ctx, e)
}

// Whatever the operation is, whatever is lost and when the context ends: what is said is
// true, no force comes before the grace is over, and a repetition comes to the end.
func TestStopProperty(t *testing.T) {
	t.Parallel()
	steps := []emulator.Step{emulator.StepIntentSaved, emulator.StepLookingUpState, emulator.StepPerformingActions, emulator.StepCompletedSuccessfully, emulator.StepFailed}
	flags := []emulator.Rollback{emulator.NotRollingBack, emulator.RollingBackAndWillFail, emulator.RollingBackDueToUserCancel, emulator.RollingBackForce}
	faults := []sftest.Fault{sftest.Pass(), sftest.Pass(), sftest.Pass(), sftest.DropBefore(), sftest.DropAfter(), sftest.HangAfter(), sftest.Status(503, "E_ABORT"), sftest.Late(8 * time.Second)}
	kinds := []generated.OperationType{generated.OperationTypePartitionDataLoss, generated.OperationTypeNodeTransition}
	rapid.Check(t, func(rt *rapid.T) {
		seconds := func(most int, name string) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(rt, name)) * time.Second
		}
		r := emulator.Record{
			Kind: rapid.SampledFrom(kinds).Draw(rt, "kind"), Step: rapid.SampledFrom(steps).Draw(rt, "step"), Rollback: rapid.SampledFrom(flags).Draw(rt, "flag"),
			Scenario: emulator.Scenario{Queue: seconds(5, "queue"), LookUp: seconds(20, "look up"), Perform: seconds(20, "perform"), Undo: seconds(20, "undo")},
		}
		if rapid.Bool().Draw(rt, "stuck") {
			r.Scenario.UndoFails.Times = emulator.Always
		}
		script := rapid.SliceOfN(rapid.IntRange(0, len(faults)-1), 0, 12).Draw(rt, "script")
		grace, ends := 1+seconds(30, "grace"), 1+seconds(60, "context")
		profile := rapid.SampledFrom([]server.Profile{server.Documented, server.Runtime}).Draw(rt, "profile")
		check(t, rt, func(say sayer) {
			say(sftest.Run(func(tb sftest.TB) {
				c := sftest.NewCluster(tb, sftest.WithClock(time.Now), sftest.WithProfile(profile))
				id, begin := c.Put(r), time.Now()
				for _, f := range script {
					c.On(sftest.Any, faults[f]).Maybe()
				}
				ctx, cancel := context.WithTimeout(background(), ends)
				defer cancel()
				client := c.Client(wrapper.WithRetry(wrapper.Retry{AttemptTimeout: 3 * time.Second, MaxAttempts: 30}))
				got, err := client.Stop(ctx, id, wrapper.StopOptions{Grace: grace, Interval: 10 * time.Second})
				var e *wrapper.Error
				if errors.As(err, &e) {
					say(time.Since(begin) <= ends, "it took %v of %v", time.Since(begin), ends)
					say(!errors.Is(err, wrapper.ErrNotFinished) || e.State() == wrapper.StateRollingBack, "%v", err)
					say(!errors.Is(err, wrapper.ErrNotSent) || carriedOut(c, sftest.CancelOperation) == 0, "%v after %v", err, c.Requests())
					got, err = client.Stop(background(), id, wrapper.StopOptions{Grace: grace, Interval: 10 * time.Second})
				}
				now := c.Operation(id)
				say(err == nil && got.Verdict == wrapper.Finished && got.State == wrapper.State(now.State()), "got %s %s, %v; it is %s", got.Verdict, got.State, err, now.State())
				asked, forces := cancels(c, begin)
				say(len(forces) == 0 || forces[0] >= asked[0]+grace, "graceful after %v, forced after %v, the grace is %v", asked, forces, grace)
				say(carriedOut(c, sftest.Force) <= 1 || profile == server.Documented, "forced twice: %v", c.Requests())
			}), "the script failed")
		})
	})
}
