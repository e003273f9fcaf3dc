package wrapper_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
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
