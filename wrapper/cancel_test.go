package wrapper_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// told is the expected result and effect of a call.
type told struct {
	verdict  wrapper.Verdict
	state    wrapper.State
	resolved bool
	seen     []string          // on the wire
	flag     emulator.Rollback // as the server recorded it; "" for no record
}

func (want told) check(t *testing.T, c *cluster, got wrapper.Result, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("got %v, want nil; the wire saw %v", err, c.seen())
	}
	if got.Verdict != want.verdict || got.State != want.state || got.Resolved != want.resolved {
		t.Errorf("got %s %q resolved %v, want %s %q resolved %v",
			got.Verdict, got.State, got.Resolved, want.verdict, want.state, want.resolved)
	}
	if got.OperationID != opID {
		t.Errorf("got a result about %s, want %s", got.OperationID, opID)
	}
	seen := c.seen()
	if slices.Contains(want.seen, "looks") {
		seen = looks(seen)
	}
	if !slices.Equal(seen, want.seen) {
		t.Errorf("the wire saw %v, want %v", seen, want.seen)
	}
	if flag := c.flag(t, opID); flag != want.flag {
		t.Errorf("the server recorded %q, want %q", flag, want.flag)
	}
	if got.LedgerErr != nil {
		t.Errorf("got LedgerErr %v, want nil", got.LedgerErr)
	}
	if len(got.Attempts) != len(want.seen) && !slices.Contains(want.seen, "looks") {
		t.Fatalf("got a result with %d attempts, want %d", len(got.Attempts), len(want.seen))
	}
}

// looks replaces several consecutive lists, as a wait makes them, by one "looks".
func looks(seen []string) []string {
	var short []string
	for i, s := range seen {
		switch {
		case s != "list" || (i == 0 || seen[i-1] != "list") && (i+1 == len(seen) || seen[i+1] != "list"):
			short = append(short, s)
		case i == 0 || seen[i-1] != "list":
			short = append(short, "looks")
		}
	}
	return short
}

func TestCancel(t *testing.T) {
	t.Parallel()
	graceful, asked := []string{"graceful"}, []string{"graceful", "list"}
	cases := []struct {
		name, situation string
		want            told
	}{
		{"runtime §5.2: unknown id is 404, the list does not have it", "unknown id",
			told{wrapper.NotFound, "", true, asked, ""}},
		{"runtime §5.2: NotRollingBack, queued", "queued",
			told{wrapper.Accepted, wrapper.StateRollingBack, false, graceful, emulator.RollingBackDueToUserCancel}},
		{"seed: force is false, the operation is gracefully stopped", "running",
			told{wrapper.Accepted, wrapper.StateRollingBack, false, graceful, emulator.RollingBackDueToUserCancel}},
		{"runtime §5.2: UserCancel, no change", "gracefully cancelled",
			told{wrapper.Accepted, wrapper.StateRollingBack, false, graceful, emulator.RollingBackDueToUserCancel}},
		{"runtime §5.2: WillFail becomes UserCancel", "failing by itself",
			told{wrapper.Accepted, wrapper.StateRollingBack, false, graceful, emulator.RollingBackDueToUserCancel}},
		{"runtime §5.2: graceful after force is refused", "forced",
			told{wrapper.AlreadyForced, wrapper.StateRollingBack, false, graceful, emulator.RollingBackForce}},
		{"runtime §5.2: terminal is 404, the list shows Completed", "completed",
			told{wrapper.Finished, wrapper.StateCompleted, true, asked, emulator.NotRollingBack}},
		{"runtime §5.2: terminal is 404, the list shows Faulted", "faulted",
			told{wrapper.Finished, wrapper.StateFaulted, true, asked, emulator.NotRollingBack}},
		{"runtime §5.2: terminal is 404, the list shows Cancelled", "cancelled and over",
			told{wrapper.Finished, wrapper.StateCancelled, true, asked, emulator.RollingBackDueToUserCancel}},
		{"runtime §5.2: terminal is 404, the list shows ForceCancelled", "forced and over",
			told{wrapper.Finished, wrapper.StateForceCancelled, true, asked, emulator.RollingBackForce}},
	}
	if len(cases) != len(situations) {
		t.Errorf("got %d cases, want one for each of %d situations", len(cases), len(situations))
	}
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				c := newCluster(t, profile)
				situationNamed(t, tc.situation).make(t, c)
				got, err := c.client(t).Cancel(t.Context(), opID, wrapper.CancelOptions{})
				tc.want.check(t, c, got, err)
				if got.Force {
					t.Error("got a result with Force set, want it unset")
				}
			})
		}
	})
}

// A graceful cancel is idempotent, so a lost answer only costs another request.
func TestCancelLostAnswer(t *testing.T) {
	t.Parallel()
	twice := []string{"graceful", "graceful"}
	cases := []struct {
		name, situation string
		fault           wirefault.Fault
		want            told
	}{
		{"runtime §5.2: a retry of a graceful request gets 200", "running", wirefault.Fault{Apply: true},
			told{wrapper.Accepted, wrapper.StateRollingBack, false, twice, emulator.RollingBackDueToUserCancel}},
		{"runtime §5.2: a retried Force=false is safe when the first never arrived", "running", wirefault.Fault{},
			told{wrapper.Accepted, wrapper.StateRollingBack, false, twice, emulator.RollingBackDueToUserCancel}},
		{"runtime §3: 504 though it was applied", "running", wirefault.Fault{Apply: true, Status: 504, Body: fabricError("FABRIC_E_TIMEOUT")},
			told{wrapper.Accepted, wrapper.StateRollingBack, false, twice, emulator.RollingBackDueToUserCancel}},
		{"runtime §4.2: 503 may have happened", "running", wirefault.Fault{Apply: true, Status: 503, Body: fabricError("FABRIC_E_NOT_PRIMARY")},
			told{wrapper.Accepted, wrapper.StateRollingBack, false, twice, emulator.RollingBackDueToUserCancel}},
		{"an answer cut short", "running", wirefault.Fault{Apply: true, Status: 200, Body: "12345678", Cut: 4},
			told{wrapper.Accepted, wrapper.StateRollingBack, false, twice, emulator.RollingBackDueToUserCancel}},
		{"a 200 that is not of the API", "running", wirefault.Fault{Status: 200, Body: "<html>welcome</html>"},
			told{wrapper.Accepted, wrapper.StateRollingBack, false, twice, emulator.RollingBackDueToUserCancel}},
		{"429 is not ambiguous", "running", wirefault.Fault{Status: 429},
			told{wrapper.Accepted, wrapper.StateRollingBack, false, twice, emulator.RollingBackDueToUserCancel}},
		{"runtime §5.2: forced by another client", "forced", wirefault.Fault{},
			told{wrapper.AlreadyForced, wrapper.StateRollingBack, false, twice, emulator.RollingBackForce}},
		{"runtime §5.2: 404 after an ambiguous attempt means finished", "cancelled and over", wirefault.Fault{Status: 502},
			told{wrapper.Finished, wrapper.StateCancelled, true, append(twice, "list"), emulator.RollingBackDueToUserCancel}},
	}
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				c := newCluster(t, profile)
				situationNamed(t, tc.situation).make(t, c)
				c.wire.Spoil(wirefault.Graceful, tc.fault)
				got, err := c.client(t).Cancel(t.Context(), opID, wrapper.CancelOptions{})
				tc.want.check(t, c, got, err)
			})
		}
	})
}

// design: after an ambiguous graceful cancel, 404 means that the operation has finished. Here the cancel with the
// lost answer ended it.
func TestCancelFinishesMeanwhile(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeRunning(t, c)
		// The operation ends between the lost answer and the next request.
		c.wire.Spoil(func(r *http.Request) bool {
			if wirefault.Graceful(r) {
				must(t, c.otherCancels(opID, false))
				c.clock.advance(allTime)
				return true
			}
			return false
		}, wirefault.Fault{})
		got, err := c.client(t).Cancel(t.Context(), opID, wrapper.CancelOptions{})
		told{wrapper.Finished, wrapper.StateCancelled, true, []string{"graceful", "graceful", "list"},
			emulator.RollingBackDueToUserCancel}.check(t, c, got, err)
		if got.Kind != wrapper.KindDataLoss {
			t.Errorf("got kind %q, want %q from the list", got.Kind, wrapper.KindDataLoss)
		}
	})
}

// runtime §5.2: the same call cancels operations of all four kinds, by id.
func TestCancelEveryKind(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		client := c.client(t)
		for kind, start := range starts {
			started, err := start(t.Context(), client, wrapper.StartOptions{})
			must(t, err)
			got, err := client.Cancel(t.Context(), started.OperationID, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Accepted {
				t.Errorf("%s: got %s, %v, want Accepted", kind, got.Verdict, err)
			}
			if flag := c.flag(t, started.OperationID); flag != emulator.RollingBackDueToUserCancel {
				t.Errorf("%s: the server recorded %s, want %s", kind, flag, emulator.RollingBackDueToUserCancel)
			}
		}
	})
}

// A second Cancel by the same client is AlreadyStopping.
func TestCancelTwice(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeRunning(t, c)
		client := c.client(t)
		for _, want := range []wrapper.Verdict{wrapper.Accepted, wrapper.AlreadyStopping, wrapper.AlreadyStopping} {
			got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
			if err != nil || got.Verdict != want {
				t.Errorf("got %s, %v, want %s", got.Verdict, err, want)
			}
		}
		got, err := client.Cancel(t.Context(), uuid.New(), wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.NotFound {
			t.Errorf("another id: got %s, %v, want NotFound", got.Verdict, err)
		}
	})
}

// [wrapper.NotFound] has no state, even if the call had seen one ([wrapper.Result].State).
func TestNotFoundHasNoState(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			_, _ = w.Write([]byte("[]"))
		case r.URL.Query().Get("Force") == "true":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	client := directClient(t, handler, wrapper.WithEndpoints("http://b"), wrapper.WithRetry(fast))
	got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.GracefulFirst{}})
	if err != nil || got.Verdict != wrapper.NotFound || got.State != "" {
		t.Errorf("got %s %q, %v, want NotFound without a state", got.Verdict, got.State, err)
	}
}

var (
	onceForced = []string{"force"}
	thenListed = []string{"force", "list"}
	thenProbed = []string{"force", "list", "graceful"}
	abandoned  = told{wrapper.Accepted, wrapper.StateRollingBack, false, onceForced, emulator.RollingBackForce}
)

// The results of ForceCancel for the table of runtime §5.2, with a policy that allows every force.
func TestForce(t *testing.T) {
	t.Parallel()
	refused := told{} // with an error
	cases := []struct {
		name, situation     string
		documented, runtime told
	}{
		{"runtime §5.2: unknown id", "unknown id",
			told{wrapper.NotFound, "", true, thenListed, ""},
			told{wrapper.NotFound, "", true, thenListed, ""}},
		{"seed: force not allowed before graceful, queued", "queued", refused, refused},
		{"seed: force not allowed before graceful, running", "running", refused, refused},
		{"seed: force allowed after graceful", "gracefully cancelled", abandoned, abandoned},
		{"runtime §9.2: RollingBack by itself is enough for the documents only", "failing by itself",
			abandoned,
			told{wrapper.Accepted, wrapper.StateRollingBack, false, []string{"force", "list", "graceful", "force"}, emulator.RollingBackForce}},
		{"runtime §5.2: force repeated is refused", "forced",
			abandoned, // the documents allow repeating it, and no answer shows that it was repeated
			told{wrapper.AlreadyForced, wrapper.StateRollingBack, true, []string{"force", "list", "graceful"}, emulator.RollingBackForce}},
		{"runtime §5.2: completed", "completed",
			told{wrapper.Finished, wrapper.StateCompleted, true, thenListed, emulator.NotRollingBack},
			told{wrapper.Finished, wrapper.StateCompleted, true, thenListed, emulator.NotRollingBack}},
		{"runtime §5.2: faulted", "faulted",
			told{wrapper.Finished, wrapper.StateFaulted, true, thenListed, emulator.NotRollingBack},
			told{wrapper.Finished, wrapper.StateFaulted, true, thenListed, emulator.NotRollingBack}},
		{"runtime §5.2: cancelled", "cancelled and over",
			told{wrapper.Finished, wrapper.StateCancelled, true, thenListed, emulator.RollingBackDueToUserCancel},
			told{wrapper.Finished, wrapper.StateCancelled, true, thenListed, emulator.RollingBackDueToUserCancel}},
		{"runtime §5.2: force-cancelled", "forced and over",
			told{wrapper.Finished, wrapper.StateForceCancelled, true, thenListed, emulator.RollingBackForce},
			told{wrapper.Finished, wrapper.StateForceCancelled, true, thenListed, emulator.RollingBackForce}},
	}
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				c := newCluster(t, profile)
				situationNamed(t, tc.situation).make(t, c)
				client := c.client(t, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
				got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
				want := tc.documented
				if profile == server.Runtime {
					want = tc.runtime
				}
				if want.verdict == "" {
					e := asError(t, err, wrapper.ErrServerRefused)
					if e.Code() != wrapper.Code(generated.ErrorCodeInvalidTestCommandState) || e.State() != wrapper.StateRunning || !e.Force() {
						t.Errorf("got %v with code %s, state %s, force %v, want %s, Running, true", e, e.Code(), e.State(), e.Force(), generated.ErrorCodeInvalidTestCommandState)
					}
					if seen := c.seen(); !slices.Equal(seen, thenListed) || c.flag(t, opID) != emulator.NotRollingBack {
						t.Errorf("the wire saw %v, the server recorded %s, want %v and %s", seen, c.flag(t, opID), thenListed, emulator.NotRollingBack)
					}
					return
				}
				want.check(t, c, got, err)
				if !got.Force {
					t.Error("got a result with Force unset, want it set")
				}
			})
		}
	})
}

// After a lost answer to a force that evidence allows, the probe decides what happened.
func TestForceLostAnswer(t *testing.T) {
	t.Parallel()
	inEffect := told{wrapper.Accepted, wrapper.StateRollingBack, true, thenProbed, emulator.RollingBackForce}
	sentAgain := told{wrapper.Accepted, wrapper.StateRollingBack, false, append(thenProbed, "force"), emulator.RollingBackForce}
	cases := []struct {
		name, situation string
		fault           wirefault.Fault
		want            told
	}{
		{"runtime §5.2: a retried Force=true gets 400 although it worked", "gracefully cancelled",
			wirefault.Fault{Apply: true}, inEffect},
		{"design: the probe is accepted, so the force did not land", "gracefully cancelled",
			wirefault.Fault{}, sentAgain},
		{"runtime §3: 504, applied", "gracefully cancelled",
			wirefault.Fault{Apply: true, Status: 504, Body: fabricError("FABRIC_E_TIMEOUT")}, inEffect},
		{"runtime §3: 504, not applied", "gracefully cancelled",
			wirefault.Fault{Status: 504, Body: fabricError("FABRIC_E_TIMEOUT")}, sentAgain},
		{"runtime §4.2: 503, applied", "gracefully cancelled", wirefault.Fault{Apply: true, Status: 503}, inEffect},
		{"runtime §4.2: 503, not applied", "gracefully cancelled", wirefault.Fault{Status: 503}, sentAgain},
		{"runtime §3: a lock wait is 500 with 0x80131505", "gracefully cancelled",
			wirefault.Fault{Status: 500, Body: fabricError("0x80131505")}, sentAgain},
		{"an answer cut short", "gracefully cancelled", wirefault.Fault{Apply: true, Status: 200, Body: "12345678", Cut: 4}, inEffect},
		{"a 200 that is not of the API", "gracefully cancelled", wirefault.Fault{Status: 200, Body: "<html>"}, sentAgain},
		{"a 204", "gracefully cancelled", wirefault.Fault{Apply: true, Status: 204}, inEffect},
		{"429 is definite, so no probe is needed", "gracefully cancelled", wirefault.Fault{Status: 429},
			told{wrapper.Accepted, wrapper.StateRollingBack, false, []string{"force", "force"}, emulator.RollingBackForce}},
		{"the list shows the end, so no probe is needed", "forced and over", wirefault.Fault{},
			told{wrapper.Finished, wrapper.StateForceCancelled, true, []string{"force", "list"}, emulator.RollingBackForce}},
		{"the list does not have the operation", "unknown id", wirefault.Fault{},
			told{wrapper.NotFound, "", true, []string{"force", "list"}, ""}},
		{"the evidence is of an earlier life: the list shows Running, so no probe is sent", "running", wirefault.Fault{},
			told{}},
	}
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				c := newCluster(t, profile)
				situationNamed(t, tc.situation).make(t, c)
				c.wire.Spoil(wirefault.Force, tc.fault)
				got, err := c.client(t, known(t)).ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
				if tc.want.verdict == "" {
					wantKind(t, err, wrapper.ErrOutcomeUnknown)
					if slices.Contains(c.seen(), "graceful") || c.flag(t, opID) != emulator.NotRollingBack {
						t.Errorf("the wire saw %v, the server recorded %s, want no probe and %s", c.seen(), c.flag(t, opID), emulator.NotRollingBack)
					}
					return
				}
				tc.want.check(t, c, got, err)
			})
		}
	})
}

// The answer to a probe may be lost as well. The force is not retried before a probe is answered.
func TestForceLostProbes(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeStopping(t, c)
		c.wire.Spoil(wirefault.Force, wirefault.Fault{Apply: true})
		c.wire.Spoil(wirefault.Graceful, wirefault.Fault{}, wirefault.Fault{Status: 503}, wirefault.Fault{Status: 429})
		got, err := c.client(t, known(t)).ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		told{wrapper.Accepted, wrapper.StateRollingBack, true, []string{"force", "list", "graceful", "graceful", "graceful", "graceful"},
			emulator.RollingBackForce}.check(t, c, got, err)
		var classes []string
		for _, a := range got.Attempts {
			classes = append(classes, fmt.Sprintf("%s %s", a.Purpose(), a.Class()))
		}
		want := []string{"force ambiguous", "read done", "probe ambiguous", "probe ambiguous", "probe refused", "probe refused"}
		if !slices.Equal(classes, want) {
			t.Errorf("got attempts %v, want %v", classes, want)
		}
	})
}

// A force that seemed lost may arrive late, after its probe was accepted.
func TestForceArrivesLate(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeStopping(t, c)
		c.wire.Spoil(wirefault.Force, wirefault.Fault{})
		late := false
		c.wire.Spoil(func(r *http.Request) bool {
			if wirefault.Force(r) && !late {
				late = true
				must(t, c.otherCancels(opID, true)) // the first force arrives
			}
			return false // the second force reaches the server as well
		}, wirefault.Fault{})
		got, err := c.client(t, known(t)).ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		want := told{wrapper.Accepted, wrapper.StateRollingBack, false, []string{"force", "list", "graceful", "force"}, emulator.RollingBackForce}
		if profile == server.Runtime { // it refuses the second force, and the probe shows why
			want.resolved, want.seen = true, append(want.seen, "graceful")
		}
		want.check(t, c, got, err)
		if !late {
			t.Error("got no second force, want one")
		}
	})
}

// runtime §5.2: without an ambiguous attempt before it, a 400 is a refusal by the server.
func TestForceRefusedUnambiguously(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeRunning(t, c)
		c.wire.Spoil(wirefault.Force, wirefault.Fault{Status: 429}) // not ambiguous
		_, err := c.client(t).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
		wantKind(t, err, wrapper.ErrServerRefused)
		if flag := c.flag(t, opID); flag != emulator.NotRollingBack {
			t.Errorf("the server recorded %s, want %s", flag, emulator.NotRollingBack)
		}
	})
}

// The ledger records a force, so a repeated one is AlreadyForced in both profiles.
func TestForceTwice(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeRunning(t, c)
		client := c.client(t)
		if _, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []wrapper.Verdict{wrapper.Accepted, wrapper.AlreadyForced, wrapper.AlreadyForced} {
			got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			if err != nil || got.Verdict != want {
				t.Errorf("got %s, %v, want %s", got.Verdict, err, want)
			}
		}
		got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.AlreadyForced {
			t.Errorf("a graceful cancel after it: got %s, %v, want AlreadyForced", got.Verdict, err)
		}
	})
}

// A force that a server refused was sent, so the error is not ErrNotSent, even if the attempts ran out while finding
// out why it was refused. Nor is it ErrServerRefused: a proxy may have sent the force twice, and the server may have
// refused the second copy because of the first.
func TestRefusedForceIsNotErrNotSent(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Runtime)
	makeFailing(t, c)
	_, err := c.client(t, fastWith(2)).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
	if errors.Is(err, wrapper.ErrNotSent) {
		t.Errorf("got %v, want an error other than ErrNotSent; the wire saw %v", err, c.seen())
	}
	wantKind(t, err, wrapper.ErrOutcomeUnknown)
}

// After a known force, another one is AlreadyForced, even if its answer is lost.
func TestKnownForceSurvivesLostAnswer(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeStopping(t, c)
		client := c.client(t, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
		_, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		must(t, err)
		c.wire.Spoil(wirefault.Force, wirefault.Fault{})
		got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		if err != nil || got.Verdict != wrapper.AlreadyForced {
			t.Errorf("got %s, %v, want AlreadyForced", got.Verdict, err)
		}
	})
}

// seed: force is not allowed before graceful. With ServerDecides the server enforces that. After a lost answer, the
// probe must not serve as the missing graceful cancel.
func TestProbeDoesNotMakeForceLegal(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for name, fault := range map[string]wirefault.Fault{"before": {}, "after": {Apply: true}, "503": {Status: 503}} {
			c := newCluster(t, profile)
			makeRunning(t, c)
			c.wire.Spoil(wirefault.Force, fault)
			_, err := c.client(t).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
			if flag := c.flag(t, opID); flag != emulator.NotRollingBack || err == nil {
				t.Errorf("lost %s: the server recorded %s, %v, want %s and an error; the wire saw %v", name, flag, err, emulator.NotRollingBack, c.seen())
			}
		}
	})
}

// After a lost force, the list of the next gateway decides, not the ledger: an operation that is Running is forced
// again, not probed ([wrapper.Client.ForceCancel]).
func TestFailoverOfForceWhileRunning(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		synctest.Test(t, func(t *testing.T) {
			g := newGateways(newCluster(t, profile))
			makeRunning(t, g.c)
			g.fails["a"], g.fails["c"] = loses, loses
			client := g.client(t, known(t), fastWith(3))
			_, _ = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			if want, seen := "a force, b list, b force", g.take(); seen != want {
				t.Errorf("got requests %s, want %s", seen, want)
			}
		})
	})
}
