package wrapper_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// slow does not end within a grace of ten seconds, and ends by itself later.
var slow = emulator.Scenario{LookUp: 30 * time.Second, Perform: 30 * time.Second, Undo: 5 * time.Second}

// cancels are when graceful cancels and forces arrived, since an instant.
func cancels(c *sftest.Cluster, begin time.Time) (graceful, forced []time.Duration) {
	for _, r := range c.Requests() {
		switch {
		case r.Force:
			forced = append(forced, r.Time.Sub(begin))
		case r.Call == sftest.CancelOperation:
			graceful = append(graceful, r.Time.Sub(begin))
		}
	}
	return graceful, forced
}

// truthful checks what is true of the result of every Stop.
func truthful(tb testing.TB, c *sftest.Cluster, id uuid.UUID, got wrapper.Result, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("%v (%v)", err, c.Requests())
	}
	_, forced := cancels(c, time.Now())
	if got.OperationID != id || got.Force != (len(forced) > 0) {
		tb.Errorf("got %+v after %d forces", got, len(forced))
	}
	switch got.Verdict {
	case wrapper.Finished:
		if state := wrapper.State(c.Operation(id).State()); got.State != state || !state.Final() {
			tb.Errorf("got %s, it is %s", got.State, state)
		}
	case wrapper.NotFound:
		if got.State != "" {
			tb.Errorf("not found, and %s", got.State)
		}
	default:
		tb.Errorf("the verdict of a stop is %s", got.Verdict)
	}
	// Attempts are all requests but the looks, and the last of those.
	if sent := got.Attempts; writes(sent) != countWrites(c) || len(sent)-writes(sent) > 9 {
		tb.Errorf("%d writes and %d reads were kept of %v", writes(sent), len(sent)-writes(sent), c.Requests())
	}
}

func countWrites(c *sftest.Cluster) int {
	graceful, forced := cancels(c, time.Now())
	return len(graceful) + len(forced)
}

// Every situation of runtime §5.2 and §5.3: how it ends, and whether that took a force.
func TestStop(t *testing.T) {
	t.Parallel()
	const grace = 10 * time.Second
	looking, cancelled, forced := emulator.StepLookingUpState, emulator.RollingBackDueToUserCancel, emulator.RollingBackForce
	cases := []struct {
		name     string
		put      *emulator.Record
		verdict  wrapper.Verdict
		state    wrapper.State
		force    bool
		resolved bool          // no answer to the cancel told it
		never    wrapper.State // how it ends without a force; "" for not at all
	}{
		{"unknown id", nil, wrapper.NotFound, "", false, true, ""},
		{"queued", &emulator.Record{Step: emulator.StepIntentSaved}, wrapper.Finished, "Cancelled", false, false, "Cancelled"},
		{"ends within the grace", &emulator.Record{Scenario: emulator.Scenario{Perform: 5 * time.Second}},
			wrapper.Finished, "Cancelled", false, false, "Cancelled"},
		{"is undone within the grace", &emulator.Record{Step: looking, Scenario: emulator.Scenario{LookUp: 3 * time.Second, Undo: time.Second}},
			wrapper.Finished, "Cancelled", false, false, "Cancelled"},
		{"takes longer than the grace", &emulator.Record{Step: looking, Scenario: slow}, wrapper.Finished, "ForceCancelled", true, false, "Cancelled"},
		{"undo stuck", &emulator.Record{Step: looking, Scenario: stuck}, wrapper.Finished, "ForceCancelled", true, false, ""},
		{"cancelled by somebody", &emulator.Record{Step: looking, Scenario: stuck, Rollback: cancelled}, wrapper.Finished, "ForceCancelled", true, false, ""},
		{"failing by itself, undo stuck", &emulator.Record{Step: looking, Scenario: stuck, Rollback: emulator.RollingBackAndWillFail},
			wrapper.Finished, "ForceCancelled", true, false, ""},
		{"about to be tried again", &emulator.Record{Step: looking, Scenario: stuck, Rollback: emulator.RollingBackAndWillRetry},
			wrapper.Finished, "ForceCancelled", true, false, ""},
		{"forced by somebody", &emulator.Record{Step: looking, Scenario: slow, Rollback: forced}, wrapper.Finished, "ForceCancelled", false, false, "ForceCancelled"},
		{"completed", &emulator.Record{Step: emulator.StepCompletedSuccessfully}, wrapper.Finished, "Completed", false, true, "Completed"},
		{"faulted", &emulator.Record{Step: emulator.StepFailed}, wrapper.Finished, "Faulted", false, true, "Faulted"},
		{"cancelled and over", &emulator.Record{Step: emulator.StepFailed, Rollback: cancelled}, wrapper.Finished, "Cancelled", false, true, "Cancelled"},
		{"forced and over", &emulator.Record{Step: emulator.StepFailed, Rollback: forced}, wrapper.Finished, "ForceCancelled", false, true, "ForceCancelled"},
		{"a node whose transition ends in time", &emulator.Record{Kind: generated.OperationTypeNodeTransition, Scenario: emulator.Scenario{Perform: 5 * time.Second}},
			wrapper.Finished, "Cancelled", false, false, "Cancelled"},
		{"a node whose transition does not", &emulator.Record{Kind: generated.OperationTypeNodeTransition, Scenario: slow},
			wrapper.Finished, "ForceCancelled", true, false, "Cancelled"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			put := func(c *sftest.Cluster) uuid.UUID {
				if tc.put == nil {
					return opID
				}
				return c.Put(*tc.put)
			}
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id, begin := put(c), time.Now()
				got, err := c.Client().Stop(t.Context(), id, wrapper.StopOptions{Grace: grace})
				truthful(t, c, id, got, err)
				if got.Verdict != tc.verdict || got.State != tc.state || got.Force != tc.force || got.Resolved != tc.resolved {
					t.Errorf("got %s %s, force %v, resolved %v", got.Verdict, got.State, got.Force, got.Resolved)
				}
				asked, forces := cancels(c, begin)
				if len(asked) != 1 || tc.force && !slices.Equal(forces, []time.Duration{grace}) {
					t.Errorf("graceful after %v, forced after %v", asked, forces)
				}
				if tc.put != nil && time.Since(c.Operation(id).Stopped) > 2*time.Second {
					t.Errorf("it was over at %v, and that was said at %v", c.Operation(id).Stopped, time.Now())
				}
			})
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(2*time.Minute, cancel)
				id := put(c)
				got, err := c.Client().Stop(ctx, id, wrapper.StopOptions{Grace: grace, NeverForce: true, Interval: 10 * time.Second})
				switch {
				case tc.put != nil && tc.never == "":
					if e := asOnly(t, err, wrapper.ErrNotFinished); e.State() != wrapper.StateRollingBack || e.Force() {
						t.Errorf("without a force: %v", err)
					}
				default:
					if truthful(t, c, id, got, err); got.State != tc.never || got.Verdict != tc.verdict {
						t.Errorf("without a force: %s", got.State)
					}
				}
				if _, forces := cancels(c, time.Now()); len(forces) > 0 {
					t.Errorf("forced all the same: %v", c.Requests())
				}
			})
		})
	}
}

// The default grace is a minute; the default policy is not asked for evidence.
func TestStopDefaults(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		id, begin := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck}), time.Now()
		client := c.Client(wrapper.WithForcePolicy(wrapper.RequireGraceful{MinGrace: 24 * time.Hour}))
		got, err := client.Stop(background(), id, wrapper.StopOptions{})
		truthful(t, c, id, got, err)
		if _, forces := cancels(c, begin); !slices.Equal(forces, []time.Duration{time.Minute}) || got.State != wrapper.StateForceCancelled {
			t.Errorf("%s, forced after %v", got.State, forces)
		}
	})
}

// The grace counts from the first graceful cancel that the ledger knows of, whoever noted
// it, and not from what others did that is not in there.
func TestStopGraceKnown(t *testing.T) {
	t.Parallel()
	const grace = 30 * time.Second
	cases := []struct {
		name    string
		entries []wrapper.Entry // Time is how long ago
		want    time.Duration
	}{
		{"nothing", nil, grace},
		{"10 s ago", []wrapper.Entry{{Time: ago(10 * time.Second), Action: "graceful", Verdict: wrapper.Accepted}}, 20 * time.Second},
		{"the first of several", []wrapper.Entry{
			{Time: ago(20 * time.Second), Action: "graceful", Verdict: wrapper.Accepted},
			{Time: ago(5 * time.Second), Action: "graceful", Verdict: wrapper.AlreadyStopping},
		}, 10 * time.Second},
		{"an hour ago", []wrapper.Entry{{Time: ago(time.Hour), Action: "graceful", Verdict: wrapper.AlreadyStopping}}, 0},
		{"one that failed", []wrapper.Entry{{Time: ago(time.Hour), Action: "graceful"}}, grace},
		{"RollingBack was seen", []wrapper.Entry{{Time: ago(time.Hour), Action: "seen", State: wrapper.StateRollingBack}}, grace},
		{"a start", []wrapper.Entry{{Time: ago(time.Hour), Action: "start", Verdict: wrapper.Accepted, State: wrapper.StateRunning}}, grace},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck, Rollback: emulator.RollingBackDueToUserCancel})
				ledger, begin := new(wrapper.MemoryLedger), time.Now()
				for _, e := range tc.entries {
					e.OperationID, e.Cluster, e.Time = id, itsCluster, begin.Add(-e.Time.Sub(time.Time{}))
					must(t, ledger.Append(background(), e))
				}
				got, err := c.Client(wrapper.WithLedger(ledger), wrapper.WithCluster(itsCluster)).Stop(t.Context(), id, wrapper.StopOptions{Grace: grace, Reason: "why"})
				truthful(t, c, id, got, err)
				if _, forces := cancels(c, begin); !slices.Equal(forces, []time.Duration{tc.want}) {
					t.Errorf("forced after %v, want %v", forces, tc.want)
				}
				entries, _ := ledger.Entries(background(), id)
				want := []wrapper.Action{"graceful", "force", "force"} // before and after
				if noted := noted(entries[len(tc.entries):], "why"); !slices.Equal(noted, want) {
					t.Errorf("noted: %v", noted)
				}
			})
		})
	}
}

func ago(d time.Duration) time.Time { return time.Time{}.Add(d) }

// noted are the actions that were noted for a reason.
func noted(entries []wrapper.Entry, reason string) (actions []wrapper.Action) {
	for _, e := range entries {
		if e.Reason == reason {
			actions = append(actions, e.Action)
		}
	}
	return actions
}

// What others do in the grace is seen, and not done again if that can be known.
func TestStopAndOthers(t *testing.T) {
	t.Parallel()
	const grace = 10 * time.Second
	stuck := emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck}
	cases := []struct {
		name  string
		put   emulator.Record
		force bool // whose cancel comes after 5 s
		state wrapper.State
		own   bool // a force was sent
	}{
		{"somebody cancels", stuck, false, "ForceCancelled", true},
		{"somebody forces, and it ends", stuck, true, "ForceCancelled", false},
		{"somebody forces, and it has not ended", emulator.Record{Step: emulator.StepLookingUpState, Scenario: slow}, true, "ForceCancelled", true},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(tc.put)
				later(5*time.Second, tc.force)(t, c, id)
				got, err := c.Client().Stop(t.Context(), id, wrapper.StopOptions{Grace: grace})
				if truthful(t, c, id, got, err); got.State != tc.state || got.Force != tc.own {
					t.Errorf("got %s, force %v", got.State, got.Force)
				}
			})
		})
	}
}

func TestStopArguments(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]wrapper.StopOptions{
		"negative grace":         {Grace: -1},
		"negative interval":      {Interval: -1},
		"unknown version":        {APIVersion: "six"},
		"a timeout 3.0 has not":  {APIVersion: "3.0", Timeout: time.Second},
		"half a second":          {Timeout: time.Second / 2},
		"never, but a bad grace": {NeverForce: true, Grace: -1},
	} {
		bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
			_, err := c.Client().Stop(t.Context(), c.Put(emulator.Record{}), options)
			if onlyKind(t, err, wrapper.ErrInvalidArgument); len(c.Requests()) != 0 || errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, c.Requests())
			}
		})
	}
}

// The example that needs a test.
func TestExampleOfStop(t *testing.T) {
	t.Parallel()
	stopped(t)
}
