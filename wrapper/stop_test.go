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

// A Stop survives that nothing can be reached when the force is due, as it survives that in the grace.
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
			t.Errorf("after %v: %+v, %v", time.Since(begin), got, err)
		}
		if len(got.Attempts) > 25 {
			t.Errorf("%d attempts are kept", len(got.Attempts))
		}

		// If it never comes back, the error says what is in effect: the cancel, and no force.
		id = c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck})
		time.AfterFunc(59*time.Second, func() { c.SetReachable(false) })
		begin = time.Now()
		ctx, cancel = context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		_, err = c.Client().Stop(ctx, id, wrapper.StopOptions{Grace: time.Minute})
		e := asOnly(t, err, wrapper.ErrNotFinished)
		if e.Force() || time.Since(begin) < 9*time.Minute || !strings.Contains(e.Error(), "no force after the grace") {
			t.Errorf("after %v: %v", time.Since(begin), err)
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
			t.Errorf("the grace is 10s, the force came after %v", forces[0])
		}
	})
}

// A context that ends after the cancel had its effect is ErrNotFinished, and not ErrNotSent.
func TestStopCutOffIsNotErrNotSent(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck})
		begin := time.Now()
		lastLook := sftest.MatchFunc(func(r sftest.Request) bool {
			return r.Call == sftest.GetFaultOperationList && r.Time.Sub(begin) >= 8*time.Second
		})
		c.On(lastLook, sftest.Func(func(server http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c.SetReachable(false) // for what comes next
				server.ServeHTTP(w, r)
			})
		}))
		ctx, cancel := cancelAfter(11 * time.Second)(t.Context())
		defer cancel()
		_, err := c.Client().Stop(ctx, id, wrapper.StopOptions{Grace: 10 * time.Second})
		if c.Operation(id).Rollback != emulator.RollingBackDueToUserCancel {
			t.Fatal("the graceful cancel had no effect")
		}
		onlyKind(t, err, wrapper.ErrNotFinished)
	})
}

// A graceful cancel that was answered in the end is known, so that a force that was not sent
// leaves nothing unknown ([wrapper.Client.Stop]).
func TestStopKnowsItsGracefulCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedCluster{writes: []answer{{status: 503}, done, {dial: true}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // for as long as which it goes on
		defer cancel()
		_, err := directClient(t, s, fastWith(3)).Stop(ctx, opID, wrapper.StopOptions{Grace: time.Minute})
		e := asOnly(t, err, wrapper.ErrNotFinished)
		if e.Force() || e.State() != wrapper.StateRollingBack {
			t.Errorf("%v", e)
		}
	})
}

// An operation that this call has cancelled is on its way out: a lost force is probed
// without a look ([wrapper.Client.ForceCancel]).
func TestForceAfterItsOwnGracefulIsProbed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refused := answer{status: 400, body: fabricError(wrapper.Code(generated.ErrorCodeInvalidTestCommandState))}
		s := &scriptedCluster{writes: []answer{done, {status: 503}, refused}}
		got, err := directClient(t, s, fastWith(3)).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.GracefulFirst{}})
		if err != nil || got.Verdict != wrapper.Accepted || !got.Resolved || s.lists != 0 || !slices.Equal(s.wrote, []string{"graceful", "force", "graceful"}) {
			t.Errorf("%s, %v: %v and %d lists", got.Verdict, err, s.wrote, s.lists)
		}
	})
}

// A cluster that has answered the cancel does not end a Stop by not answering the looks
// for a while ([wrapper.Client.Wait]).
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
			t.Errorf("%s, %v", got.Verdict, err)
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
		check(t, rt, func(say checker) {
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

// An observer hears of the states of a stop, and when the force will come.
func TestStopTellsStates(t *testing.T) {
	t.Parallel()
	back := emulator.StepLookingUpState
	for _, tc := range []struct {
		name    string
		put     emulator.Record
		options wrapper.StopOptions
		states  []wrapper.State
		ahead   []time.Duration // until the force, after the begin; 0 for none
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
				var h heard
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
					t.Errorf("heard %v, forces after %v, forced %v; want %v, %v, %v", h.states, ahead, h.forced, tc.states, tc.ahead, tc.forced)
				}
			})
		})
	}
}
