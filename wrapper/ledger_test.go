package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// itsCluster is the cluster name in the entries that tests make.
const itsCluster = "the cluster"

// known returns options for a client whose ledger has a graceful cancel.
func known(tb testing.TB) wrapper.Option {
	tb.Helper()
	return wrapper.Options(wrapper.WithLedger(knowsGraceful(tb)), wrapper.WithCluster(itsCluster))
}

// knowsGraceful returns a ledger with a graceful cancel of opID an hour ago.
func knowsGraceful(tb testing.TB) *wrapper.MemoryLedger {
	tb.Helper()
	l := new(wrapper.MemoryLedger)
	must(tb, l.Append(background(), wrapper.Entry{
		Time: time.Now().Add(-time.Hour), OperationID: opID, Cluster: itsCluster, Action: "graceful", Verdict: wrapper.Accepted,
	}))
	return l
}

// nothingDone checks that no entry of opID has a verdict.
func nothingDone(tb testing.TB, l wrapper.Ledger) {
	tb.Helper()
	entries, err := l.Entries(background(), opID)
	must(tb, err)
	for _, e := range entries {
		if e.Verdict != "" {
			tb.Errorf("got entry %+v, want one without a verdict", e)
		}
	}
}

// A call that sent something records its result, whatever it is, with the caller's reason.
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

		force("refused by the policy") // not recorded: nothing was sent
		c.wire.Spoil(wirefault.Any, wirefault.Fault{Status: 403})
		cancel("refused by the server")
		c.wire.Spoil(wirefault.Graceful, slices.Repeat([]wirefault.Fault{{Apply: true}}, 5)...)
		cancel("unknown")
		cancel("accepted")
		cancel("again")
		c.wire.Spoil(wirefault.Force, wirefault.Fault{}) // lost, so that there is a probe, which is recorded too
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
			{"force", "", "", "abandoned"}, // the intent
			{"graceful", wrapper.Accepted, wrapper.StateRollingBack, "probe"},
			{"force", wrapper.Accepted, wrapper.StateRollingBack, "abandoned"},
			{"graceful", wrapper.AlreadyForced, wrapper.StateRollingBack, "forced before"},
			{"graceful", wrapper.Finished, wrapper.StateForceCancelled, "over"},
		}
		var got []line
		for _, e := range entries {
			got = append(got, line{e.Action, e.Verdict, e.State, e.Reason})
			if e.OperationID != opID || time.Since(e.Time) > time.Hour || e.Time.IsZero() {
				t.Errorf("got entry %+v, want operation %s and a recent time", e, opID)
			}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(line{})); diff != "" {
			t.Errorf("want (-), got (+):\n%s", diff)
		}
	})
}

// Reads record a state only if it is evidence.
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
				t.Errorf("%s: got entries %+v, want none", s.name, entries)
			}
			continue
		}
		if len(entries) != 1 || entries[0].Action != "seen" || entries[0].State != s.state || entries[0].Verdict != "" {
			t.Errorf("%s: got entries %+v, want one: seen %s", s.name, entries, s.state)
		}
	}
}

// brokenLedger is a ledger whose Entries and Append fail with the given errors.
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

// If the ledger cannot be read, forces are refused, and graceful cancels still go out.
func TestUnreadableLedger(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeRunning(t, c)
		client := c.client(t, wrapper.WithLedger(&brokenLedger{read: errDisk}))
		got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Accepted || c.flag(t, opID) != emulator.RollingBackDueToUserCancel {
			t.Errorf("graceful: got %s, %v, %s, want Accepted, nil, %s", got.Verdict, err, c.flag(t, opID), emulator.RollingBackDueToUserCancel)
		}
		_, err = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		r := refusal(t, err)
		if !errors.Is(err, errDisk) || !errors.Is(r.Cause, errDisk) || !r.NotBefore.IsZero() || !strings.Contains(r.Missing, "cannot be read") ||
			r.Grace != 0 || r.Ran != 0 || r.Policy != (wrapper.RequireGraceful{}) {
			t.Errorf("force: got %+v, want a refusal because of %v", r, errDisk)
		}
		if !slices.Equal(c.seen(), []string{"graceful"}) {
			t.Errorf("the wire saw %v, want one graceful cancel", c.seen())
		}
	})
}

// If the ledger cannot be written, forces are refused. Other calls succeed, and report it as LedgerErr.
func TestUnwritableLedger(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeRunning(t, c)
		client := c.client(t, wrapper.WithLedger(&brokenLedger{write: errDisk}), wrapper.WithForcePolicy(wrapper.ServerDecides{}))
		got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Accepted || !errors.Is(got.LedgerErr, errDisk) {
			t.Errorf("graceful: got %+v, %v, want Accepted with LedgerErr %v", got, err, errDisk)
		}
		_, err = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		if r := refusal(t, err); !errors.Is(r.Cause, errDisk) || !slices.Equal(c.seen(), []string{"graceful"}) {
			t.Errorf("force: got %v, want a refusal because of %v; the wire saw %v, want one graceful cancel", err, errDisk, c.seen())
		}
		if _, err := client.Operation(t.Context(), opID); err != nil {
			t.Errorf("read: got %v, want nil", err)
		}
		// The error of a call wraps both its own failure and that of the ledger.
		c.wire.Spoil(wirefault.Any, wirefault.Fault{Status: 403})
		_, err = client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if e := asError(t, err, wrapper.ErrServerRefused); !errors.Is(err, errDisk) || !errors.Is(e.LedgerErr(), errDisk) || e.Status() != 403 {
			t.Errorf("refused: got %v with LedgerErr %v and status %d, want %v and 403", err, e.LedgerErr(), e.Status(), errDisk)
		}
	})
}

// With a shared ledger, the evidence of one client counts for another.
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
			t.Errorf("second client: got %s, %v, want Accepted", got.Verdict, err)
		}
		got, err = first.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		if err != nil || got.Verdict != wrapper.AlreadyForced {
			t.Errorf("first client: got %s, %v, want AlreadyForced", got.Verdict, err)
		}
	})
}

// A MemoryLedger keeps 64 entries of an operation, and 10 000 operations.
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
		t.Errorf("zero value: got %d entries, want 0", count(opID))
	}
	for i := range 1000 {
		must(t, l.Append(ctx, wrapper.Entry{
			OperationID: opID, Cluster: itsCluster, Time: time.Unix(int64(i), 0), Action: "seen", State: wrapper.StateRollingBack, Reason: strconv.Itoa(i),
		}))
	}
	entries, _ := l.Entries(ctx, opID)
	if n := len(entries); n != 64 || entries[0].Reason != "0" || entries[n-1].Reason != "999" {
		t.Errorf("got %d entries, from %q to %q, want 64, from 0 to 999", n, entries[0].Reason, entries[n-1].Reason)
	}
	if !slices.IsSortedFunc(entries, func(a, b wrapper.Entry) int {
		i, _ := strconv.Atoi(a.Reason)
		j, _ := strconv.Atoi(b.Reason)
		return i - j
	}) {
		t.Errorf("got entries %+v, want them in order", entries)
	}
	entries[0].Reason = "changed by the caller"
	if again, _ := l.Entries(ctx, opID); again[0].Reason != "0" {
		t.Errorf("got reason %q, want 0: Entries returns a copy", again[0].Reason)
	}

	for i := range 9_999 {
		must(t, l.Append(ctx, wrapper.Entry{OperationID: uuid.UUID{2, byte(i >> 8), byte(i)}}))
	}
	if count(opID) != 64 {
		t.Errorf("with 10 000 operations: got %d entries of the first, want 64", count(opID))
	}
	must(t, l.Append(ctx, wrapper.Entry{OperationID: uuid.UUID{3}}))
	if got := []int{count(opID), count(uuid.UUID{2}), count(uuid.UUID{3})}; !slices.Equal(got, []int{0, 1, 1}) {
		t.Errorf("with 10 001 operations: got %d entries of the first, the second and the last, want 0, 1, 1", got)
	}
}

// A ledger that hangs delays a graceful cancel by some seconds, but does not prevent it.
func TestHangingLedgerDoesNotStopGraceful(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, server.Documented)
		makeRunning(t, c)
		for _, limit := range []time.Duration{time.Minute, time.Second} { // a second is shorter than that delay
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			got, err := directClient(t, c.handler, wrapper.WithLedger(hangingLedger{})).Cancel(ctx, opID, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Accepted {
				t.Errorf("within %v: got %s, %v, want Accepted; the wire saw %v", limit, got.Verdict, err, c.seen())
			}
			cancel()
		}
	})
}

type hangingLedger struct{}

func (hangingLedger) Append(ctx context.Context, _ wrapper.Entry) error {
	<-ctx.Done()
	return ctx.Err()
}

func (hangingLedger) Entries(ctx context.Context, _ uuid.UUID) ([]wrapper.Entry, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Many reads of an operation must not displace the evidence of its graceful cancel in the ledger. Otherwise the grace
// would count from the first read.
func TestReadsKeepEvidenceInLedger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, server.Runtime)
		makeFailing(t, c)
		client := directClient(t, c.handler, wrapper.WithForcePolicy(wrapper.RequireGraceful{MinGrace: time.Hour}))
		look := func(times int) {
			for range times {
				_, err := client.Operation(t.Context(), opID)
				must(t, err)
				time.Sleep(time.Minute)
			}
		}
		look(40)
		_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		must(t, err)
		cancelled := time.Now()
		look(50)
		_, err = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		if err == nil {
			t.Fatalf("got a force %v after the graceful cancel, want a refusal", time.Since(cancelled))
		}
		if r := refusal(t, err); !r.NotBefore.Equal(cancelled.Add(time.Hour)) {
			t.Errorf("got NotBefore %v, want %v", r.NotBefore, cancelled.Add(time.Hour))
		}
	})
}

// A MemoryLedger drops the operation whose last entry is oldest.
func TestMemoryLedgerKeepsTheLatest(t *testing.T) {
	t.Parallel()
	var l wrapper.MemoryLedger
	ctx := t.Context()
	must(t, l.Append(ctx, wrapper.Entry{OperationID: opID}))
	for i := range 9_999 {
		must(t, l.Append(ctx, wrapper.Entry{OperationID: uuid.UUID{2, byte(i >> 8), byte(i)}}))
	}
	must(t, l.Append(ctx, wrapper.Entry{OperationID: opID, Action: "graceful", Verdict: wrapper.Accepted}))
	must(t, l.Append(ctx, wrapper.Entry{OperationID: uuid.UUID{3}}))
	if entries, _ := l.Entries(ctx, opID); len(entries) != 2 {
		t.Errorf("got %d entries of the operation before the last, want 2", len(entries))
	}
}

// If the graceful cancel could not be recorded, the error says so, because a repeated call starts the grace over.
func TestErrorCarriesLedgerErr(t *testing.T) {
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: slow})
		ctx, cancel := cancelAfter(15 * time.Second)(t.Context())
		defer cancel()
		_, err := c.Client(wrapper.WithLedger(&unwritable{})).Stop(ctx, id, wrapper.StopOptions{})
		if onlyKind(t, err, wrapper.ErrNotFinished); !errors.Is(err, errOwn) {
			t.Errorf("got %v, want it to wrap %v of the ledger", err, errOwn)
		}
	})
}

type unwritable struct{ wrapper.MemoryLedger }

func (*unwritable) Append(context.Context, wrapper.Entry) error { return errOwn }

// A call that sent nothing is not recorded.
func TestNothingSentIsNotRecorded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ledger := new(wrapper.MemoryLedger)
	err := cancelWith(ctx, directClient(t, serving(done), wrapper.WithLedger(ledger)), false)
	wantKind(t, err, wrapper.ErrNotSent)
	if entries, _ := ledger.Entries(t.Context(), opID); len(entries) != 0 {
		t.Errorf("got entries %+v, want none", entries)
	}
}

// The three points at which a call uses its ledger.
const (
	atRead  = "read"
	atAhead = "write-ahead"
	atNote  = "note"
)

// scriptedLedger fails at one of these points, at once or by hanging.
type scriptedLedger struct {
	wrapper.MemoryLedger
	failAt  string
	hangs   bool
	until   time.Time // when it recovers; zero for never
	noAhead bool      // the write-ahead is done
}

func (l *scriptedLedger) at(ctx context.Context, point string) error {
	switch {
	case point != l.failAt || !l.until.IsZero() && time.Now().After(l.until):
		return nil
	case l.hangs:
		<-ctx.Done()
		return fmt.Errorf("%w: %w", errDisk, ctx.Err())
	}
	return errDisk
}

func (l *scriptedLedger) Append(ctx context.Context, e wrapper.Entry) error {
	point := atNote
	if e.Action == "force" && e.Verdict == "" && !l.noAhead {
		point, l.noAhead = atAhead, true
	}
	if err := l.at(ctx, point); err != nil {
		return err
	}
	return l.MemoryLedger.Append(ctx, e)
}

func (l *scriptedLedger) Entries(ctx context.Context, id uuid.UUID) ([]wrapper.Entry, error) {
	entries, _ := l.MemoryLedger.Entries(ctx, id)
	return entries, l.at(ctx, atRead) // entries returned with an error must not count
}

// writesOf returns the cancels that a server saw, in order.
func writesOf(c *sftest.Cluster) (all []string) {
	for _, r := range c.Requests() {
		switch {
		case r.Force:
			all = append(all, "force")
		case r.Call == sftest.CancelOperation:
			all = append(all, "graceful")
		}
	}
	return all
}

// If the ledger is unreachable, graceful cancels still go out, and every force is refused, whatever the policy.
func TestForceNeedsLedger(t *testing.T) {
	t.Parallel()
	const grace = 10 * time.Second
	force := func(p wrapper.ForcePolicy) func(context.Context, *wrapper.Client, uuid.UUID) (wrapper.Result, error) {
		return func(ctx context.Context, c *wrapper.Client, id uuid.UUID) (wrapper.Result, error) {
			return c.ForceCancel(ctx, id, wrapper.ForceOptions{Policy: p, Reason: "why"})
		}
	}
	stop := func(ctx context.Context, c *wrapper.Client, id uuid.UUID) (wrapper.Result, error) {
		return c.Stop(ctx, id, wrapper.StopOptions{Grace: grace, Reason: "why"})
	}
	nothing, graceful, both := []string(nil), []string{"graceful"}, []string{"graceful", "force"}
	refused, unfinished := wrapper.ErrForceRefused, wrapper.ErrNotFinished
	cases := []struct {
		name    string
		call    func(context.Context, *wrapper.Client, uuid.UUID) (wrapper.Result, error)
		known   bool // the ledger has a graceful cancel
		kind    error
		unread  []string // the requests if the ledger cannot be read
		unahead []string // the requests if the intent to force cannot be recorded
		all     []string // the requests otherwise
		waits   time.Duration
	}{
		{"RequireGraceful", force(wrapper.RequireGraceful{}), true, refused, nothing, nothing, []string{"force"}, 0},
		{"RequireGraceful with a look", force(wrapper.RequireGraceful{Look: true}), false, refused, nothing, nothing, []string{"force"}, 0},
		{"GracefulFirst", force(wrapper.GracefulFirst{Grace: grace}), false, refused, graceful, graceful, both, 0},
		{"GracefulFirst that knows", force(wrapper.GracefulFirst{}), true, refused, graceful, nothing, []string{"force"}, 0},
		{"ServerDecides", force(wrapper.ServerDecides{}), false, refused, nothing, nothing, []string{"force"}, 0},
		{"Stop", stop, false, unfinished, graceful, graceful, both, grace},
	}
	for _, tc := range cases {
		for _, all := range []bool{false, true} { // true: by CancelAll
			for _, failAt := range []string{atRead, atAhead, atNote} {
				for _, hangs := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/all %v/%s/hangs %v", tc.name, all, failAt, hangs), func(t *testing.T) {
						t.Parallel()
						inBubble(t, func(t *testing.T, c *sftest.Cluster) {
							id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck, Rollback: emulator.RollingBackDueToUserCancel})
							ledger := &scriptedLedger{failAt: failAt, hangs: hangs}
							if tc.known {
								must(t, ledger.MemoryLedger.Append(t.Context(), wrapper.Entry{
									Time: time.Now().Add(-time.Hour), OperationID: id, Cluster: itsCluster, Action: "graceful", Verdict: wrapper.Accepted}))
							}
							client, begin := c.Client(wrapper.WithLedger(ledger), wrapper.WithCluster(itsCluster)), time.Now()
							got, err := callOrAll(t.Context(), client, id, tc.call, all)
							if failAt == atNote {
								if err != nil || !got.Force || !errors.Is(got.LedgerErr, errDisk) || !slices.Equal(writesOf(c), tc.all) {
									t.Errorf("got %+v, %v, want a force with LedgerErr %v; the server saw %v, want %v", got, err, errDisk, writesOf(c), tc.all)
								}
								return
							}
							want := tc.unread
							if failAt == atAhead {
								want = tc.unahead
							}
							e, r := asOnly(t, err, tc.kind), new(wrapper.Refusal)
							if !errors.As(err, &r) || !errors.Is(r.Cause, errDisk) || !r.NotBefore.IsZero() || !slices.Equal(writesOf(c), want) {
								t.Errorf("got %v, want a refusal because of %v; the server saw %v, want %v", err, errDisk, writesOf(c), want)
							}
							if forced := c.Operation(id).Rollback == emulator.RollingBackForce; forced || e.Force() != errors.Is(tc.kind, refused) {
								t.Errorf("got forced %v and Force %v in the error, want false and %v", forced, e.Force(), errors.Is(tc.kind, refused))
							}
							if took := time.Since(begin); !hangs && failAt == atRead && took != tc.waits || took < tc.waits || took > grace+20*time.Second {
								t.Errorf("the call took %v, want %v, or up to %v if the ledger hangs", took, tc.waits, grace+20*time.Second)
							}
							entries, _ := ledger.MemoryLedger.Entries(t.Context(), id)
							if i := slices.IndexFunc(entries, func(e wrapper.Entry) bool { return e.Action == "force" }); i >= 0 {
								t.Errorf("got entry %+v, want no entry of a force, since none was sent", entries[i])
							}
						})
					})
				}
			}
		}
	}
}

func callOrAll(ctx context.Context, client *wrapper.Client, id uuid.UUID, call func(context.Context, *wrapper.Client, uuid.UUID) (wrapper.Result, error), all bool) (got wrapper.Result, err error) {
	if !all {
		return call(ctx, client, id)
	}
	each := func(ctx context.Context, op wrapper.Operation) (wrapper.Result, error) {
		return call(ctx, client, op.ID)
	}
	for got, err = range client.CancelAll(ctx, wrapper.Selector{}, wrapper.CancelAllOptions{Each: each}) {
	}
	return got, err
}

// A Stop succeeds if its ledger fails at first, but works by the time of the force.
func TestLedgerRecovers(t *testing.T) {
	t.Parallel()
	for _, failAt := range []string{atRead, atNote} {
		inBubble(t, func(t *testing.T, c *sftest.Cluster) {
			id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck})
			client := c.Client(wrapper.WithLedger(&scriptedLedger{failAt: failAt, until: time.Now().Add(time.Second)}))
			got, err := client.Stop(t.Context(), id, wrapper.StopOptions{Grace: 10 * time.Second})
			if truthful(t, c, id, got, err); !got.Force || (got.LedgerErr != nil) != (failAt == atNote) {
				t.Errorf("%s: got Force %v, LedgerErr %v, want true, and an error only at %s", failAt, got.Force, got.LedgerErr, atNote)
			}
		})
	}
}

// The intent to force is recorded once, before the force is sent, however often it is sent.
func TestForceIsRecordedAhead(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck, Rollback: emulator.RollingBackDueToUserCancel})
		ledger, forces := new(wrapper.MemoryLedger), 0
		look := func(next http.RoundTripper) http.RoundTripper {
			return tripper(func(r *http.Request) (*http.Response, error) {
				if r.URL.Query().Get("Force") == "true" {
					forces++
					entries, _ := ledger.Entries(r.Context(), id)
					if got := noted(entries, "why"); !slices.Equal(got, []wrapper.Action{"force"}) {
						t.Errorf("force %d: got entries %+v, want one of a force", forces, entries)
					}
				}
				return next.RoundTrip(r)
			})
		}
		c.On(sftest.Force, sftest.DropBefore()).Times(2)
		client := c.Client(wrapper.WithLedger(ledger), wrapper.WithAttemptMiddleware(look), wrapper.WithForcePolicy(wrapper.ServerDecides{}))
		got, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{Reason: "why"})
		if err != nil || forces != 3 {
			t.Errorf("got %s, %v after %d forces, want nil after 3", got.Verdict, err, forces)
		}
	})
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// An entry without a verdict is not evidence: an intent to force, or a cancel or start that failed.
func TestNoVerdictNoEvidence(t *testing.T) {
	t.Parallel()
	for _, action := range []wrapper.Action{"force", "graceful", "start"} {
		inBubble(t, func(t *testing.T, c *sftest.Cluster) {
			id, ledger := c.Put(emulator.Record{Scenario: stuck}), new(wrapper.MemoryLedger)
			must(t, ledger.Append(t.Context(), wrapper.Entry{Time: time.Now(), OperationID: id, Action: action, State: wrapper.StateRollingBack}))
			client := c.Client(wrapper.WithLedger(ledger))
			_, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
			if _ = refusal(t, err); len(c.Requests()) != 0 {
				t.Errorf("%s: got requests %v, want none", action, c.Requests())
			}
			got, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Accepted {
				t.Errorf("%s: got %s, %v, want Accepted", action, got.Verdict, err)
			}
		})
	}
}
