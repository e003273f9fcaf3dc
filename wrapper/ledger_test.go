package wrapper_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// itsCluster is the cluster of the entries that tests make up.
const itsCluster = "the cluster"

// known makes a client one that knows of a graceful cancel.
func known(tb testing.TB) wrapper.Option {
	tb.Helper()
	return wrapper.Options(wrapper.WithLedger(knowsGraceful(tb)), wrapper.WithCluster(itsCluster))
}

// knowsGraceful is a ledger that knows of a graceful cancel of the operation, an hour ago.
func knowsGraceful(tb testing.TB) *wrapper.MemoryLedger {
	tb.Helper()
	l := new(wrapper.MemoryLedger)
	must(tb, l.Append(background(), wrapper.Entry{
		Time: time.Now().Add(-time.Hour), OperationID: opID, Cluster: itsCluster, Action: "graceful", Verdict: wrapper.Accepted,
	}))
	return l
}

// nothingDone checks that no entry says that something took effect.
func nothingDone(tb testing.TB, l wrapper.Ledger) {
	tb.Helper()
	entries, err := l.Entries(background(), opID)
	must(tb, err)
	for _, e := range entries {
		if e.Verdict != "" {
			tb.Errorf("the ledger says that it was done: %+v", e)
		}
	}
}

// What a call notes: its end, whatever it was, with the caller's reason.
func TestLedgerEntries(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeRunning(t, c)
		ledger := new(wrapper.MemoryLedger)
		client := c.client(t, wrapper.WithLedger(ledger), fastWith(5))
		ctx := t.Context()
		cancel := func(reason string) { _, _ = client.Cancel(ctx, opID, wrapper.CancelOptions{Reason: reason}) }
		force := func(reason string) { _, _ = client.ForceCancel(ctx, opID, wrapper.ForceOptions{Reason: reason}) }

		force("refused by the policy") // not noted: nothing was sent
		c.wire.Spoil(wirefault.Any, wirefault.Fault{Status: 403})
		cancel("refused by the server")
		c.wire.Spoil(wirefault.Graceful, slices.Repeat([]wirefault.Fault{{Apply: true}}, 5)...)
		cancel("unknown")
		cancel("accepted")
		cancel("again")
		c.wire.Spoil(wirefault.Force, wirefault.Fault{}) // lost, so that a probe notes something, too
		force("abandoned")
		cancel("forced before")
		c.clock.advance(allTime)
		cancel("over")

		entries, err := ledger.Entries(ctx, opID)
		must(t, err)
		type line struct {
			action  wrapper.Action
			verdict wrapper.Verdict
			state   wrapper.State
			reason  string
		}
		want := []line{
			{"graceful", "", "", "refused by the server"},
			{"graceful", "", "", "unknown"},
			{"graceful", wrapper.Accepted, wrapper.StateRollingBack, "accepted"},
			{"graceful", wrapper.AlreadyStopping, wrapper.StateRollingBack, "again"},
			{"force", "", "", "abandoned"}, // about to be sent
			{"graceful", wrapper.Accepted, wrapper.StateRollingBack, "probe"},
			{"force", wrapper.Accepted, wrapper.StateRollingBack, "abandoned"},
			{"graceful", wrapper.AlreadyForced, wrapper.StateRollingBack, "forced before"},
			{"graceful", wrapper.Finished, wrapper.StateForceCancelled, "over"},
		}
		var got []line
		for _, e := range entries {
			got = append(got, line{e.Action, e.Verdict, e.State, e.Reason})
			if e.OperationID != opID || time.Since(e.Time) > time.Hour || e.Time.IsZero() {
				t.Errorf("the entry is %+v", e)
			}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(line{})); diff != "" {
			t.Errorf("want (-), got (+):\n%s", diff)
		}
	})
}

// Reads note what they saw only if it is evidence.
func TestLedgerSeen(t *testing.T) {
	t.Parallel()
	for _, s := range situations {
		c := newCluster(t, server.Runtime)
		s.make(t, c)
		ledger := new(wrapper.MemoryLedger)
		_, _ = c.client(t, wrapper.WithLedger(ledger)).Operation(t.Context(), opID)
		entries, err := ledger.Entries(t.Context(), opID)
		must(t, err)
		if s.state != wrapper.StateRollingBack {
			if len(entries) != 0 {
				t.Errorf("%s: noted %+v", s.name, entries)
			}
			continue
		}
		if len(entries) != 1 || entries[0].Action != "seen" || entries[0].State != s.state || entries[0].Verdict != "" {
			t.Errorf("%s: noted %+v", s.name, entries)
		}
	}
}

// brokenLedger fails at what it is told to.
type brokenLedger struct {
	wrapper.MemoryLedger
	read, write error
}

func (l *brokenLedger) Append(ctx context.Context, e wrapper.Entry) error {
	if l.write != nil {
		return l.write
	}
	return l.MemoryLedger.Append(ctx, e)
}

func (l *brokenLedger) Entries(ctx context.Context, id uuid.UUID) ([]wrapper.Entry, error) {
	if l.read != nil {
		return nil, l.read
	}
	return l.MemoryLedger.Entries(ctx, id)
}

var errDisk = errors.New("the disk is full")

// A ledger that cannot be read costs a force its evidence, and never a graceful cancel.
func TestLedgerCannotBeRead(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeRunning(t, c)
		client := c.client(t, wrapper.WithLedger(&brokenLedger{read: errDisk}))
		got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Accepted || c.flag(t, opID) != emulator.RollingBackDueToUserCancel {
			t.Errorf("graceful: got %s, %v", got.Verdict, err)
		}
		_, err = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		r := refusal(t, err)
		if !errors.Is(err, errDisk) || !errors.Is(r.Cause, errDisk) || !r.NotBefore.IsZero() || !strings.Contains(r.Missing, "cannot be read") {
			t.Errorf("force: got %+v", r)
		}
		if !slices.Equal(c.seen(), []string{"graceful"}) {
			t.Errorf("the wire saw %v", c.seen())
		}
	})
}

// A ledger that cannot be written changes no verdict but that of a force; it is told beside it.
func TestLedgerCannotBeWritten(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeRunning(t, c)
		client := c.client(t, wrapper.WithLedger(&brokenLedger{write: errDisk}), wrapper.WithForcePolicy(wrapper.ServerDecides{}))
		got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Accepted || !errors.Is(got.LedgerErr, errDisk) {
			t.Errorf("graceful: got %+v, %v", got, err)
		}
		_, err = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		if r := refusal(t, err); !errors.Is(r.Cause, errDisk) || !slices.Equal(c.seen(), []string{"graceful"}) {
			t.Errorf("force: got %v; the wire saw %v", err, c.seen())
		}
		if _, err := client.Operation(t.Context(), opID); err != nil {
			t.Errorf("read: %v", err)
		}
		// An error of the call itself is not covered up by that of the ledger; both are told.
		c.wire.Spoil(wirefault.Any, wirefault.Fault{Status: 403})
		_, err = client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if e := asError(t, err, wrapper.ErrServerRefused); !errors.Is(err, errDisk) || !errors.Is(e.LedgerErr(), errDisk) || e.Status() != 403 {
			t.Errorf("got %v", err)
		}
	})
}

// Two clients with one ledger are as one: evidence of the first counts for the second.
func TestLedgerShared(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeRunning(t, c)
		ledger := new(wrapper.MemoryLedger)
		shared := wrapper.Options(wrapper.WithLedger(ledger), wrapper.WithCluster(itsCluster))
		first, second := c.client(t, shared), c.client(t, shared)
		_, err := first.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		must(t, err)
		got, err := second.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		if err != nil || got.Verdict != wrapper.Accepted {
			t.Errorf("got %s, %v", got.Verdict, err)
		}
		got, err = first.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		if err != nil || got.Verdict != wrapper.AlreadyForced {
			t.Errorf("got %s, %v", got.Verdict, err)
		}
	})
}

// The bounds: enough for a day's work, and never a leak.
func TestMemoryLedgerBounds(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var l wrapper.MemoryLedger
	count := func(id uuid.UUID) int {
		entries, err := l.Entries(ctx, id)
		must(t, err)
		return len(entries)
	}
	if count(opID) != 0 {
		t.Error("the zero value is not empty")
	}
	for i := range 1000 {
		must(t, l.Append(ctx, wrapper.Entry{
			OperationID: opID, Cluster: itsCluster, Time: time.Unix(int64(i), 0), Action: "seen", State: wrapper.StateRollingBack, Reason: strconv.Itoa(i),
		}))
	}
	entries, _ := l.Entries(ctx, opID)
	if n := len(entries); n != 64 || entries[0].Reason != "0" || entries[n-1].Reason != "999" {
		t.Errorf("%d entries, from %q to %q", n, entries[0].Reason, entries[n-1].Reason)
	}
	if !slices.IsSortedFunc(entries, func(a, b wrapper.Entry) int {
		i, _ := strconv.Atoi(a.Reason)
		j, _ := strconv.Atoi(b.Reason)
		return i - j
	}) {
		t.Error("the entries are not in order")
	}
	entries[0].Reason = "changed by the caller"
	if again, _ := l.Entries(ctx, opID); again[0].Reason != "0" {
		t.Error("Entries returned no copy")
	}

	for i := range 9_999 {
		must(t, l.Append(ctx, wrapper.Entry{OperationID: uuid.UUID{2, byte(i >> 8), byte(i)}}))
	}
	if count(opID) != 64 {
		t.Error("10 000 operations are one too many")
	}
	must(t, l.Append(ctx, wrapper.Entry{OperationID: uuid.UUID{3}}))
	if count(opID) != 0 || count(uuid.UUID{2}) != 1 || count(uuid.UUID{3}) != 1 {
		t.Error("10 001 operations are not too many, or the wrong one went")
	}
}
