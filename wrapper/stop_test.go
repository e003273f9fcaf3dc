package wrapper_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// slow is a scenario that ends by itself, but not within a grace of ten seconds.
var slow = emulator.Scenario{LookUp: 30 * time.Second, Perform: 30 * time.Second, Undo: 5 * time.Second}

// cancels returns when graceful cancels and forces arrived, since begin.
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

// truthful checks what must be true of the result of every Stop.
func truthful(tb testing.TB, c *sftest.Cluster, id uuid.UUID, got wrapper.Result, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("got %v after %v, want nil", err, c.Requests())
	}
	_, forced := cancels(c, time.Now())
	if got.OperationID != id || got.Force != (len(forced) > 0) {
		tb.Errorf("got %+v after %d forces, want operation %s with Force %v", got, len(forced), id, len(forced) > 0)
	}
	switch got.Verdict {
	case wrapper.Finished:
		if state := wrapper.State(c.Operation(id).State()); got.State != state || !state.Final() {
			tb.Errorf("got state %s, want a final one, as on the server: %s", got.State, state)
		}
	case wrapper.NotFound:
		if got.State != "" {
			tb.Errorf("got NotFound with state %s, want none", got.State)
		}
	default:
		tb.Errorf("got %s, want Finished or NotFound", got.Verdict)
	}
	// Attempts are all writes and the last reads.
	if sent := got.Attempts; writes(sent) != countWrites(c) || len(sent)-writes(sent) > 9 {
		tb.Errorf("got attempts with %d writes and %d reads, want %d and 9 at most, of %v", writes(sent), len(sent)-writes(sent), countWrites(c), c.Requests())
	}
}

func countWrites(c *sftest.Cluster) int {
	graceful, forced := cancels(c, time.Now())
	return len(graceful) + len(forced)
}

// Stop ends every situation of runtime §5.2 and §5.3, with a force where needed.
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
		resolved bool          // the list showed the verdict, not the answer to the cancel
		never    wrapper.State // the final state with NeverForce; "" if it does not end
	}{
		{"unknown id", nil, wrapper.NotFound, "", false, true, ""},
		{"queued", &emulator.Record{Step: emulator.StepIntentSaved}, wrapper.Finished, "Cancelled", false, false, "Cancelled"},
		{"ends within the grace", &emulator.Record{Scenario: emulator.Scenario{Perform: 5 * time.Second}},
			wrapper.Finished, "Cancelled", false, false, "Cancelled"},
		{"is undone within the grace", &emulator.Record{Step: looking, Scenario: emulator.Scenario{LookUp: 3 * time.Second, Undo: time.Second}},
			wrapper.Finished, "Cancelled", false, false, "Cancelled"},
		{"takes longer than the grace", &emulator.Record{Step: looking, Scenario: slow}, wrapper.Finished, "ForceCancelled", true, false, "Cancelled"},
		{"undo stuck", &emulator.Record{Step: looking, Scenario: stuck}, wrapper.Finished, "ForceCancelled", true, false, ""},
		{"cancelled by another client", &emulator.Record{Step: looking, Scenario: stuck, Rollback: cancelled}, wrapper.Finished, "ForceCancelled", true, false, ""},
		{"failing by itself, undo stuck", &emulator.Record{Step: looking, Scenario: stuck, Rollback: emulator.RollingBackAndWillFail},
			wrapper.Finished, "ForceCancelled", true, false, ""},
		{"about to retry", &emulator.Record{Step: looking, Scenario: stuck, Rollback: emulator.RollingBackAndWillRetry},
			wrapper.Finished, "ForceCancelled", true, false, ""},
		{"forced by another client", &emulator.Record{Step: looking, Scenario: slow, Rollback: forced}, wrapper.Finished, "ForceCancelled", false, false, "ForceCancelled"},
		{"completed", &emulator.Record{Step: emulator.StepCompletedSuccessfully}, wrapper.Finished, "Completed", false, true, "Completed"},
		{"faulted", &emulator.Record{Step: emulator.StepFailed}, wrapper.Finished, "Faulted", false, true, "Faulted"},
		{"cancelled and over", &emulator.Record{Step: emulator.StepFailed, Rollback: cancelled}, wrapper.Finished, "Cancelled", false, true, "Cancelled"},
		{"forced and over", &emulator.Record{Step: emulator.StepFailed, Rollback: forced}, wrapper.Finished, "ForceCancelled", false, true, "ForceCancelled"},
		{"a node transition that ends in time", &emulator.Record{Kind: generated.OperationTypeNodeTransition, Scenario: emulator.Scenario{Perform: 5 * time.Second}},
			wrapper.Finished, "Cancelled", false, false, "Cancelled"},
		{"a node transition that does not end in time", &emulator.Record{Kind: generated.OperationTypeNodeTransition, Scenario: slow},
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
					t.Errorf("got %s %s, force %v, resolved %v, want %s %s, %v, %v", got.Verdict, got.State, got.Force, got.Resolved, tc.verdict, tc.state, tc.force, tc.resolved)
				}
				asked, forces := cancels(c, begin)
				if len(asked) != 1 || tc.force && !slices.Equal(forces, []time.Duration{grace}) {
					t.Errorf("got graceful cancels after %v and forces after %v, want one, and a force, if any, after %v", asked, forces, grace)
				}
				if tc.put != nil && time.Since(c.Operation(id).Stopped) > 2*time.Second {
					t.Errorf("got the result at %v, want it within 2s of the end at %v", time.Now(), c.Operation(id).Stopped)
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
						t.Errorf("never force: got %v with state %s, force %v, want RollingBack, false", err, e.State(), e.Force())
					}
				default:
					if truthful(t, c, id, got, err); got.State != tc.never || got.Verdict != tc.verdict {
						t.Errorf("never force: got %s %s, want %s %s", got.Verdict, got.State, tc.verdict, tc.never)
					}
				}
				if _, forces := cancels(c, time.Now()); len(forces) > 0 {
					t.Errorf("never force: got requests %v, want no force", c.Requests())
				}
			})
		})
	}
}

// The default grace is a minute. The force policy of the client does not apply.
func TestStopDefaults(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		id, begin := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck}), time.Now()
		client := c.Client(wrapper.WithForcePolicy(wrapper.RequireGraceful{MinGrace: 24 * time.Hour}))
		got, err := client.Stop(background(), id, wrapper.StopOptions{})
		truthful(t, c, id, got, err)
		if _, forces := cancels(c, begin); !slices.Equal(forces, []time.Duration{time.Minute}) || got.State != wrapper.StateForceCancelled {
			t.Errorf("got %s, forced after %v, want ForceCancelled after a minute", got.State, forces)
		}
	})
}

// The grace counts from the first graceful cancel in the ledger, whoever recorded it. A cancel that is not in the
// ledger does not count.
func TestStopGraceFromLedger(t *testing.T) {
	t.Parallel()
	const grace = 30 * time.Second
	cases := []struct {
		name    string
		entries []wrapper.Entry // Time is how long ago
		want    time.Duration
	}{
		{"no entries", nil, grace},
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
					t.Errorf("got forces after %v, want one after %v", forces, tc.want)
				}
				entries, _ := ledger.Entries(background(), id)
				want := []wrapper.Action{"graceful", "force", "force"} // the force before and after it is sent
				if noted := noted(entries[len(tc.entries):], "why"); !slices.Equal(noted, want) {
					t.Errorf("got entries %v, want %v", noted, want)
				}
			})
		})
	}
}

func ago(d time.Duration) time.Time { return time.Time{}.Add(d) }

// noted returns the actions of the entries with a reason.
func noted(entries []wrapper.Entry, reason string) (actions []wrapper.Action) {
	for _, e := range entries {
		if e.Reason == reason {
			actions = append(actions, e.Action)
		}
	}
	return actions
}

// Stop sees what other clients do within the grace, and sends no force if one of theirs has ended the operation.
func TestStopWithOtherClients(t *testing.T) {
	t.Parallel()
	const grace = 10 * time.Second
	stuck := emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck}
	cases := []struct {
		name  string
		put   emulator.Record
		force bool // whether the cancel of the other client, after 5 s, is a force
		state wrapper.State
		own   bool // a force was sent
	}{
		{"another client cancels", stuck, false, "ForceCancelled", true},
		{"another client forces, and it ends", stuck, true, "ForceCancelled", false},
		{"another client forces, and it does not end in time", emulator.Record{Step: emulator.StepLookingUpState, Scenario: slow}, true, "ForceCancelled", true},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(tc.put)
				later(5*time.Second, tc.force)(t, c, id)
				got, err := c.Client().Stop(t.Context(), id, wrapper.StopOptions{Grace: grace})
				if truthful(t, c, id, got, err); got.State != tc.state || got.Force != tc.own {
					t.Errorf("got %s, force %v, want %s, %v", got.State, got.Force, tc.state, tc.own)
				}
			})
		})
	}
}

func TestStopArguments(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]wrapper.StopOptions{
		"negative grace":      {Grace: -1},
		"negative interval":   {Interval: -1},
		"unknown version":     {APIVersion: "six"},
		"a timeout with 3.0":  {APIVersion: "3.0", Timeout: time.Second},
		"half a second":       {Timeout: time.Second / 2},
		"never, with a grace": {NeverForce: true, Grace: -1},
	} {
		bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
			_, err := c.Client().Stop(t.Context(), c.Put(emulator.Record{}), options)
			if onlyKind(t, err, wrapper.ErrInvalidArgument); len(c.Requests()) != 0 || errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v after %v, want no requests and no context error", name, err, c.Requests())
			}
		})
	}
}

// The example of Stop runs as a test, because it needs virtual time.
func TestExampleOfStop(t *testing.T) {
	t.Parallel()
	stopped(t)
}

// A Stop survives an outage when the force is due, as it does within the grace.
func TestStopOutlastsOutageAtForce(t *testing.T) {
	t.Parallel()
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id, begin := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck}), time.Now()
		time.AfterFunc(59*time.Second, func() { c.SetReachable(false) })
		time.AfterFunc(259*time.Second, func() { c.SetReachable(true) })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		got, err := c.Client().Stop(ctx, id, wrapper.StopOptions{Grace: time.Minute})
		if err != nil || got.State != wrapper.StateForceCancelled || !got.Force || time.Since(begin) > 6*time.Minute {
			t.Errorf("got %+v, %v after %v, want ForceCancelled by force within 6 minutes", got, err, time.Since(begin))
		}
		if len(got.Attempts) > 25 {
			t.Errorf("got %d attempts in the result, want 25 at most", len(got.Attempts))
		}

		// If the outage does not end, the error says that the graceful cancel is in effect, and no force.
		id = c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck})
		time.AfterFunc(59*time.Second, func() { c.SetReachable(false) })
		begin = time.Now()
		ctx, cancel = context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		_, err = c.Client().Stop(ctx, id, wrapper.StopOptions{Grace: time.Minute})
		e := asOnly(t, err, wrapper.ErrNotFinished)
		if e.Force() || time.Since(begin) < 9*time.Minute || !strings.Contains(e.Error(), "no force after the grace") {
			t.Errorf("got %v with force %v after %v, want no force after the grace, false, after 9m or more", err, e.Force(), time.Since(begin))
		}
	})
}

// A read that hangs does not delay the force beyond the grace.
func TestHangingReadDoesNotDelayForce(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id, begin := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck}), time.Now()
		c.On(sftest.GetFaultOperationList, sftest.HangBefore()).Times(3)
		got, err := c.Client().Stop(t.Context(), id, wrapper.StopOptions{Grace: 10 * time.Second})
		truthful(t, c, id, got, err)
		if _, forces := cancels(c, begin); forces[0] > 20*time.Second {
			t.Errorf("got a force after %v, want it within 20s with a grace of 10s", forces[0])
		}
	})
}

// If the context ends after the graceful cancel took effect, the error is ErrNotFinished, not ErrNotSent.
func TestStopCutOffIsNotErrNotSent(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck})
		begin := time.Now()
		lastLook := sftest.MatchFunc(func(r sftest.Request) bool {
			return r.Call == sftest.GetFaultOperationList && r.Time.Sub(begin) >= 8*time.Second
		})
		c.On(lastLook, sftest.Func(func(server http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c.SetReachable(false) // for the next requests
				server.ServeHTTP(w, r)
			})
		}))
		ctx, cancel := cancelAfter(11 * time.Second)(t.Context())
		defer cancel()
		_, err := c.Client().Stop(ctx, id, wrapper.StopOptions{Grace: 10 * time.Second})
		if c.Operation(id).Rollback != emulator.RollingBackDueToUserCancel {
			t.Fatalf("got %s, want %s", c.Operation(id).Rollback, emulator.RollingBackDueToUserCancel)
		}
		onlyKind(t, err, wrapper.ErrNotFinished)
	})
}

// If a retry of the graceful cancel was answered, and the force was not sent, the outcome is not unknown
// ([wrapper.Client.Stop]).
func TestStopKnowsItsGracefulCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedCluster{writes: []answer{{status: 503}, done, {dial: true}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // Stop retries until then
		defer cancel()
		_, err := directClient(t, s, fastWith(3)).Stop(ctx, opID, wrapper.StopOptions{Grace: time.Minute})
		e := asOnly(t, err, wrapper.ErrNotFinished)
		if e.Force() || e.State() != wrapper.StateRollingBack {
			t.Errorf("got %v with state %s, force %v, want RollingBack, false", e, e.State(), e.Force())
		}
	})
}

// After its own graceful cancel, a call knows that the operation is RollingBack, and probes a lost force without a list
// ([wrapper.Client.ForceCancel]).
func TestForceAfterItsOwnGracefulIsProbed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refused := answer{status: 400, body: fabricError(wrapper.Code(generated.ErrorCodeInvalidTestCommandState))}
		s := &scriptedCluster{writes: []answer{done, {status: 503}, refused}}
		got, err := directClient(t, s, fastWith(3)).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.GracefulFirst{}})
		if err != nil || got.Verdict != wrapper.Accepted || !got.Resolved || s.lists != 0 || !slices.Equal(s.wrote, []string{"graceful", "force", "graceful"}) {
			t.Errorf("got %s, %v after %v and %d lists, want Accepted after graceful, force, graceful and no list", got.Verdict, err, s.wrote, s.lists)
		}
	})
}

// After the cancel was answered, a Stop survives an outage of the reads ([wrapper.Client.Wait]).
func TestStopOutlastsAnOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedCluster{writes: []answer{done}, list: func(n int) answer {
			if n < 20 {
				return answer{status: 503}
			}
			return answer{status: 200, body: "[]"}
		}}
		got, err := directClient(t, s, fastWith(3)).Stop(t.Context(), opID, wrapper.StopOptions{NeverForce: true})
		if err != nil || got.Verdict != wrapper.NotFound {
			t.Errorf("got %s, %v, want NotFound", got.Verdict, err)
		}
	})
}

// carriedOut counts the requests of a call that the server carried out.
func carriedOut(c *sftest.Cluster, call sftest.Call) (n int) {
	for _, r := range c.Requests() {
		if call.Match(r) && r.Server == 200 {
			n++
		}
	}
	return n
}

// Whatever answer is lost, and whether or not the request was carried out, a Stop ends the operation by one force.
func TestStopLostAnswers(t *testing.T) {
	t.Parallel()
	faults := map[string]sftest.Fault{
		"lost":                  sftest.DropBefore(),
		"lost, but carried out": sftest.DropAfter(),
		"503":                   sftest.Status(503, "FABRIC_E_NOT_PRIMARY"),
		"504, but carried out":  sftest.Answer{Status: 504, Code: "FABRIC_E_TIMEOUT"}.After(),
		"hanging":               sftest.HangAfter(),
		"not of the API":        sftest.Answer{Status: 200, Body: "<html>"}.After(),
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
						t.Errorf("got %s after %v, want ForceCancelled by one force after the grace", got.State, c.Requests())
					}
					if lost := call == sftest.Force && len(forces) == 1; got.Resolved != lost {
						t.Errorf("got resolved %v after %v, want %v", got.Resolved, c.Requests(), lost)
					}
				})
			})
		}
	}
}

// Stop returns the end of the operation even if the reads that would show it are lost.
func TestStopLastReadLost(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: 5 * time.Second}})
		time.AfterFunc(5*time.Second, func() { c.On(sftest.GetFaultOperationList, sftest.DropAfter()).Times(5) })
		got, err := c.Client().Stop(t.Context(), id, wrapper.StopOptions{})
		if truthful(t, c, id, got, err); got.State != wrapper.StateCancelled {
			t.Errorf("got %s, want Cancelled", got.State)
		}
	})
}

// interruptions are the times at which the context of a Stop ends, and what the Stop has done by then.
var interruptions = []struct {
	name   string
	script func(c *sftest.Cluster)
	at     time.Duration
	kind   error
	state  wrapper.State
	forced bool
	noted  []wrapper.Action // recorded as Accepted
}{
	{"before the call", nil, 0, wrapper.ErrNotSent, "", false, nil},
	{"in the graceful cancel", func(c *sftest.Cluster) { c.On(sftest.Graceful, sftest.HangAfter()) }, time.Second, wrapper.ErrOutcomeUnknown, "", false, nil},
	{"in the grace", nil, 5*time.Second + 1, wrapper.ErrNotFinished, "RollingBack", false, []wrapper.Action{"graceful"}},
	{"in a read of the grace", func(c *sftest.Cluster) { c.On(sftest.GetFaultOperationList, sftest.HangBefore()) },
		5 * time.Second, wrapper.ErrNotFinished, "RollingBack", false, []wrapper.Action{"graceful"}},
	{"in the force", func(c *sftest.Cluster) { c.On(sftest.Force, sftest.HangAfter()) },
		11 * time.Second, wrapper.ErrOutcomeUnknown, "RollingBack", true, []wrapper.Action{"graceful"}},
	{"after the force", nil, 15 * time.Second, wrapper.ErrNotFinished, "RollingBack", true, []wrapper.Action{"graceful", "force"}},
}

// The error of an interrupted Stop says how far it came. With the same ledger, another Stop continues from there.
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
					t.Errorf("got %v with state %q, force %v after %v, want %q, %v after %v", err, e.State(), e.Force(), time.Since(begin), tc.state, tc.forced, tc.at)
				}
				if got := inEffect(ledger, id); !slices.Equal(got, tc.noted) {
					t.Errorf("got %v recorded as Accepted, want %v", got, tc.noted)
				}
				again, err := c.Client(wrapper.WithLedger(ledger)).Stop(t.Context(), id, options)
				if err != nil || again.State != wrapper.StateForceCancelled || carriedOut(c, sftest.Force) != 1 {
					t.Errorf("again: got %s, %v after %v, want ForceCancelled by one force", again.State, err, c.Requests())
				}
				asked, forces := cancels(c, begin)
				if len(tc.noted) > 0 && !tc.forced && forces[0] != asked[0]+10*time.Second {
					t.Errorf("got the graceful cancel after %v and the force after %v, want 10s in between", asked[0], forces[0])
				}
			})
		})
	}
}

// inEffect returns the actions that a ledger has as Accepted.
func inEffect(l wrapper.Ledger, id uuid.UUID) (actions []wrapper.Action) {
	entries, _ := l.Entries(background(), id)
	for _, e := range entries {
		if e.Verdict == wrapper.Accepted {
			actions = append(actions, e.Action)
		}
	}
	return actions
}

// A Stop survives an outage within or beyond the grace; the force is sent late if necessary.
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
						t.Fatalf("got %s, %v, force %v, want ForceCancelled by one force", got.State, err, got.Force)
					}
					if _, forces := cancels(c, begin); forces[0] < 30*time.Second || forces[0] > 2*time.Minute {
						t.Errorf("got forces after %v, want the first after 30s to 2m", forces)
					}
				})
			})
		}
	}
}

// If the ledger can be neither read nor written, a Stop that needs no force still succeeds, with LedgerErr
// ([TestForceNeedsLedger]).
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
				t.Errorf("got %s, %v, LedgerErr %v, want Finished, and an error without DeadlineExceeded", got.Verdict, err, got.LedgerErr)
			}
			if took := time.Since(begin); took > 2*time.Minute {
				t.Errorf("the call took %v, want 2m at most", took)
			}
		}
	})
}

// If either cancel of a Stop could not be recorded, its result has LedgerErr.
func TestStopNotRecorded(t *testing.T) {
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
			got, err := c.Client(wrapper.WithLedger(&failsAction{action: tc.fails})).Stop(t.Context(), id, wrapper.StopOptions{Grace: 10 * time.Second})
			if truthful(t, c, id, got, err); errors.Is(got.LedgerErr, errOwn) != tc.told {
				t.Errorf("%s: got LedgerErr %v, want %v: %v", name, got.LedgerErr, errOwn, tc.told)
			}
		})
	}
}

// failsAction is a ledger that cannot record the result of one action.
type failsAction struct {
	wrapper.MemoryLedger
	action wrapper.Action
}

func (l *failsAction) Append(ctx context.Context, e wrapper.Entry) error {
	if e.Action == l.action && e.Verdict != "" {
		return errOwn
	}
	return l.MemoryLedger.Append(ctx, e)
}

// Whatever the operation is, whatever is lost and whenever the context ends, the result of a Stop is true, no force is
// sent before the end of the grace, and another Stop ends the operation.
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
		eachCase(t, rt, func(check checker) {
			check(sftest.Run(func(tb sftest.TB) {
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
					check(time.Since(begin) <= ends, "the call took %v, want %v at most", time.Since(begin), ends)
					check(!errors.Is(err, wrapper.ErrNotFinished) || e.State() == wrapper.StateRollingBack, "got %v with state %s, want RollingBack", err, e.State())
					check(!errors.Is(err, wrapper.ErrNotSent) || carriedOut(c, sftest.CancelOperation) == 0, "got %v after %v, want no cancel carried out", err, c.Requests())
					got, err = client.Stop(background(), id, wrapper.StopOptions{Grace: grace, Interval: 10 * time.Second})
				}
				now := c.Operation(id)
				check(err == nil && got.Verdict == wrapper.Finished && got.State == wrapper.State(now.State()), "got %s %s, %v, want Finished %s", got.Verdict, got.State, err, now.State())
				asked, forces := cancels(c, begin)
				check(len(forces) == 0 || forces[0] >= asked[0]+grace, "got graceful cancels after %v and forces after %v, want a grace of %v", asked, forces, grace)
				check(carriedOut(c, sftest.Force) <= 1 || profile == server.Documented, "got requests %v, want one force at most", c.Requests())
			}), "got a failure of the script, want none")
		})
	})
}

// An observer gets the states of a Stop, with the time of the coming force.
func TestStopReportsStates(t *testing.T) {
	t.Parallel()
	back := emulator.StepLookingUpState
	for _, tc := range []struct {
		name    string
		put     emulator.Record
		options wrapper.StopOptions
		states  []wrapper.State
		ahead   []time.Duration // ForceAt since the begin; 0 for none
		forced  []bool
	}{
		{"ends within the grace", emulator.Record{Step: back, Scenario: emulator.Scenario{LookUp: 3 * time.Second, Undo: time.Second}},
			wrapper.StopOptions{Grace: time.Minute}, []wrapper.State{"RollingBack", "Cancelled"}, []time.Duration{time.Minute, 0}, []bool{false, false}},
		{"no force", emulator.Record{Step: back, Scenario: emulator.Scenario{LookUp: 3 * time.Second, Undo: time.Second}},
			wrapper.StopOptions{NeverForce: true}, []wrapper.State{"RollingBack", "Cancelled"}, []time.Duration{0, 0}, []bool{false, false}},
		{"by force", emulator.Record{Step: back, Scenario: stuck},
			wrapper.StopOptions{Grace: time.Minute}, []wrapper.State{"RollingBack", "RollingBack", "ForceCancelled"}, []time.Duration{time.Minute, 0, 0}, []bool{false, true, true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				var h stateEvents
				id, begin := c.Put(tc.put), time.Now()
				_, err := c.Client(wrapper.WithObserver(h.observe)).Stop(t.Context(), id, tc.options)
				must(t, err)
				var ahead []time.Duration
				for _, at := range h.forces {
					if at.IsZero() {
						at = begin
					}
					ahead = append(ahead, at.Sub(begin))
				}
				if !slices.Equal(h.states, tc.states) || !slices.Equal(ahead, tc.ahead) || !slices.Equal(h.forced, tc.forced) {
					t.Errorf("got states %v, forces after %v, forced %v, want %v, %v, %v", h.states, ahead, h.forced, tc.states, tc.ahead, tc.forced)
				}
			})
		})
	}
}
