package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// over puts an operation that ended so long ago, and returns its id.
func (c *cluster) over(n byte, ago time.Duration) uuid.UUID {
	c.t.Helper()
	id := uuid.UUID{n}
	err := c.engine.Put(c.t.Context(), emulator.Record{
		ID: id, Kind: generated.OperationTypePartitionDataLoss, Step: emulator.StepCompletedSuccessfully,
		Rollback: emulator.NotRollingBack, Stopped: c.clock().Add(-ago),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return id
}

func (c *cluster) cleanUp() {
	c.t.Helper()
	if err := c.engine.CleanUp(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// TestCleanUp is runtime §5.8: only while more than the maximum are finished, only those
// that ended longer ago than the keep duration, oldest first, at most the surplus.
func TestCleanUp(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name     string
		settings emulator.Settings
		ended    []time.Duration // ago
		kept     []time.Duration
	}{
		{"not more than the maximum: nothing, however old",
			emulator.Settings{MaxStoredActionCount: 3, CompletedActionKeepDuration: day},
			[]time.Duration{1000 * day, 2000 * day, 3000 * day}, []time.Duration{1000 * day, 2000 * day, 3000 * day}},
		{"one too many: the oldest",
			emulator.Settings{MaxStoredActionCount: 3, CompletedActionKeepDuration: day},
			[]time.Duration{20 * day, 40 * day, 30 * day, 10 * day}, []time.Duration{20 * day, 30 * day, 10 * day}},
		{"many too many, but only the old ones",
			emulator.Settings{MaxStoredActionCount: 1, CompletedActionKeepDuration: day},
			[]time.Duration{0, 2 * day, time.Hour, 3 * day}, []time.Duration{0, time.Hour}},
		{"too many, none of them old",
			emulator.Settings{MaxStoredActionCount: 1, CompletedActionKeepDuration: day},
			[]time.Duration{0, time.Hour, 2 * time.Hour}, []time.Duration{0, time.Hour, 2 * time.Hour}},
		{"longer ago than the keep duration means longer",
			emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: day},
			[]time.Duration{day, day + 1}, []time.Duration{day}},
		{"the surplus goes, though more are old",
			emulator.Settings{MaxStoredActionCount: 2, CompletedActionKeepDuration: -1},
			[]time.Duration{4, 3, 2, 1}, []time.Duration{2, 1}},
		{"negative counts as none, and as no time",
			emulator.Settings{MaxStoredActionCount: -7, CompletedActionKeepDuration: -time.Hour},
			[]time.Duration{0, 1, 2}, []time.Duration{0}},
		{"zero is the default: seven days",
			emulator.Settings{MaxStoredActionCount: -1},
			[]time.Duration{7 * day, 7*day + 1}, []time.Duration{7 * day}},
		{"zero is the default: ten thousand",
			emulator.Settings{CompletedActionKeepDuration: -1},
			[]time.Duration{7 * day, 8 * day}, []time.Duration{7 * day, 8 * day}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster(t, server.Runtime, nil, emulator.WithSettings(tt.settings))
			c.pass(10_000 * day)
			ids := make(map[uuid.UUID]time.Duration)
			for n, ago := range tt.ended {
				ids[c.over(byte(n), ago)] = ago
			}
			running := c.start(0)
			c.cleanUp()
			c.cleanUp() // what is left is not too many any more, or not old
			var kept []time.Duration
			for _, op := range c.list("65535", "65535") {
				if op.OperationID != running {
					kept = append(kept, ids[op.OperationID])
				}
			}
			slices.Sort(kept)
			slices.Sort(tt.kept)
			if !slices.Equal(kept, tt.kept) {
				t.Errorf("what ended %v ago is kept, want %v", kept, tt.kept)
			}
			if c.state(running) == "" {
				t.Error("an operation that goes on is gone")
			}
		})
	}
}

// §5.8: one that was forced before any step had finished has no stop time, and so counts
// as very old.
func TestNoStopTimeCountsAsVeryOld(t *testing.T) {
	c := newCluster(t, server.Runtime, nil, emulator.WithSettings(emulator.Settings{MaxStoredActionCount: 1}))
	old := c.over(1, 1000*24*time.Hour)
	forced := c.start(0)
	c.cancel(forced, "false")
	c.cancel(forced, "true")
	c.pass(10 * second)
	c.cleanUp()
	if got := c.state(forced); got != "" {
		t.Errorf("it is there, as %s", got)
	}
	if c.state(old) == "" {
		t.Error("an older one went in its place")
	}
}

// What is over but not yet written down counts: the clean-up sweeps first.
func TestCleanUpSweepsFirst(t *testing.T) {
	c := newCluster(t, server.Runtime, nil, emulator.WithSettings(emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: -1}))
	id := c.start(0)
	c.pass(time.Hour)
	c.cleanUp()
	if got := c.state(id); got != "" {
		t.Errorf("it is there, as %s", got)
	}
}

// §5.8: after removal the id is unknown and may be used again, by any kind.
func TestARemovedIDIsFree(t *testing.T) {
	for n := range kinds {
		t.Run(string(kinds[n].kind), func(t *testing.T) {
			c := newCluster(t, server.Runtime, nil, emulator.WithSettings(emulator.Settings{MaxStoredActionCount: -1}))
			id := c.start((n + 1) % len(kinds))
			c.pass(7 * 24 * time.Hour)
			c.cleanUp()
			if a := c.startAs(n, id); a.status != http.StatusConflict {
				t.Fatalf("before it is removed: %+v", a)
			}
			c.pass(4 * second) // it ended three seconds after it began
			c.cleanUp()
			for m := range kinds {
				a := c.send(http.MethodGet, kinds[m].progress+"?api-version=6.0&OperationId="+id.String())
				if a.status != http.StatusNotFound || a.code != generated.ErrorCodeKeyNotFound {
					t.Errorf("progress as a %s: %+v", kinds[m].kind, a)
				}
			}
			if got := c.state(id); got != "" {
				t.Errorf("it is listed as %s", got)
			}
			if a := c.cancel(id, "false"); a.code != generated.ErrorCodeKeyNotFound {
				t.Errorf("cancel: %+v", a)
			}
			if a := c.startAs(n, id); a.status != http.StatusAccepted {
				t.Errorf("the id again: %+v", a)
			}
		})
	}
}

// More than a page of the store goes in one clean-up, and two at once do not mind.
func TestCleanUpOfMany(t *testing.T) {
	shared := memory.New()
	defer shared.Close()
	settings := emulator.WithSettings(emulator.Settings{MaxStoredActionCount: 100, CompletedActionKeepDuration: -1})
	ours, other := newCluster(t, server.Runtime, shared, settings), newCluster(t, server.Runtime, shared, settings)
	const many = 1100
	for n := range many {
		r := emulator.Record{
			ID: uuid.UUID{byte(n), byte(n >> 8)}, Kind: kinds[0].kind, Step: emulator.StepFailed,
			Rollback: emulator.NotRollingBack, Stopped: ours.clock().Add(-time.Duration(n+1) * second),
		}
		if err := ours.engine.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error)
	go func() { done <- other.engine.CleanUp(t.Context()) }()
	ours.cleanUp()
	if err := <-done; err != nil {
		t.Error(err)
	}
	left := ours.list("65535", "65535")
	if len(left) != 100 {
		t.Errorf("%d are left, want 100", len(left))
	}
	for _, op := range left {
		if n := int(op.OperationID[0]) + int(op.OperationID[1])<<8; n >= 100 {
			t.Errorf("number %d from the end is left", n)
		}
	}
}

// TestSettings: zero is the default, negative is as little as makes sense.
func TestSettings(t *testing.T) {
	defaults := emulator.Settings{
		MaxStoredActionCount: 10_000, CompletedActionKeepDuration: 604_800 * second, StoredActionCleanupInterval: 3600 * second,
		CommandStepRetryBackoff: second, StopNodeMinDuration: 300 * second, StopNodeMaxDuration: 14_400 * second,
		ConcurrentRequests: 100,
	}
	documented := defaults
	documented.StopNodeMinDuration = 600 * second
	own := emulator.Settings{
		MaxStoredActionCount: 1, CompletedActionKeepDuration: 2, StoredActionCleanupInterval: 3 * second,
		CommandStepRetryBackoff: 4 * millisecond, StopNodeMinDuration: 5, StopNodeMaxDuration: 6, ConcurrentRequests: 7,
	}
	for _, tt := range []struct {
		name     string
		profile  server.Profile
		in, want emulator.Settings
	}{
		{"§5.9, the defaults", server.Runtime, emulator.Settings{}, defaults},
		{"§9.2, the documents' least duration", server.Documented, emulator.Settings{}, documented},
		{"all of them", server.Documented, own, own},
		{"negative", server.Documented, emulator.Settings{-1, -1, -1, -1, -1, -1, -1}, emulator.Settings{
			StoredActionCleanupInterval: second, CommandStepRetryBackoff: millisecond, ConcurrentRequests: 1,
		}},
		{"as little as there is", server.Documented, emulator.Settings{1, 1, 1, 1, 1, 1, 1}, emulator.Settings{1, 1, second, millisecond, 1, 1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := emulator.New(memory.New(), emulator.WithSettings(tt.in), emulator.WithProfile(tt.profile))
			if got := e.Settings(); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

// §5.7: the bounds of a stop are settings, both included.
func TestStopDurationIsASetting(t *testing.T) {
	for _, tt := range []struct {
		least, most time.Duration
		seconds     int
		ok          bool
	}{
		{10 * second, 20 * second, 9, false}, {10 * second, 20 * second, 10, true},
		{10 * second, 20 * second, 20, true}, {10 * second, 20 * second, 21, false},
		{-1, 0, 0, true}, {-1, -1, 0, true}, {-1, -1, 1, false},
	} {
		// The edge keeps the documents' bounds; the runtime leaves them to the engine.
		c := newCluster(t, server.Runtime, nil, emulator.WithSettings(emulator.Settings{StopNodeMinDuration: tt.least, StopNodeMaxDuration: tt.most}))
		a := c.send(http.MethodPost, fmt.Sprintf("%s?api-version=6.0&OperationId=%s&NodeTransitionType=Stop&NodeInstanceId=5&StopDurationInSeconds=%d",
			kinds[transitionKind].start, uuid.New(), tt.seconds))
		if ok := a.status == http.StatusAccepted; ok != tt.ok || !ok && a.code != generated.ErrorCodeInvalidDuration {
			t.Errorf("%d s within %v to %v: %+v", tt.seconds, tt.least, tt.most, a)
		}
	}
}

// oddStore fails to remove one operation.
type oddStore struct {
	store.Store
	key string
}

var errOdd = errors.New("odd")

func (s oddStore) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	if len(txn.Then) == 1 && txn.Then[0].Delete && txn.Then[0].Key == s.key {
		return 0, errOdd
	}
	return s.Store.Commit(ctx, txn)
}

// A removal that fails for a reason of its own stops none of the others.
func TestCleanUpGoesOnAfterAFailure(t *testing.T) {
	const many = 20
	id := func(n int) uuid.UUID { return uuid.UUID{byte(n)} }
	c := newCluster(t, server.Runtime, oddStore{memory.New(), "operations/history/" + id(3).String()},
		emulator.WithSettings(emulator.Settings{MaxStoredActionCount: 1, CompletedActionKeepDuration: -1}))
	for n := range many {
		if err := c.engine.Put(t.Context(), emulator.Record{
			ID: id(n), Kind: kinds[0].kind, Step: emulator.StepFailed, Rollback: emulator.NotRollingBack,
			Stopped: c.clock().Add(time.Duration(n-many) * second),
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.engine.CleanUp(t.Context()); !errors.Is(err, errOdd) {
		t.Errorf("got %v, want what the store said", err)
	}
	if left := c.list("65535", "65535"); len(left) != 2 {
		t.Errorf("%d are left, want the last one and the one that could not be removed", len(left))
	}
}

// Each removal has a transaction of its own, oldest first, and they go to the store in few calls.
func TestCleanUpTogether(t *testing.T) {
	const many, kept = 5_000, 100
	st := &batcher{Store: memory.New()}
	defer st.Close()
	c := newCluster(t, server.Runtime, st, emulator.WithSettings(emulator.Settings{MaxStoredActionCount: kept, CompletedActionKeepDuration: -1}))
	stopped := make(map[string]time.Time)
	for n := range many {
		r := emulator.Record{
			ID: uuid.UUID{byte(n), byte(n >> 8)}, Kind: kinds[0].kind, Step: emulator.StepFailed,
			Rollback: emulator.NotRollingBack, Stopped: c.clock().Add(-time.Duration(n*7919%many+1) * second / 3),
		}
		if n%1000 == 0 {
			r.Stopped = time.Time{} // which counts as very old
		}
		stopped["operations/history/"+r.ID.String()] = r.Stopped
		if err := c.engine.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	before := revisionOf(t, st)
	st.alone, st.together = 0, 0
	c.cleanUp()
	if st.alone != 0 || st.together > 4 {
		t.Errorf("the store was asked %d times for one removal and %d times for many, want 0 and 4", st.alone, st.together)
	}
	changes, last := 0, time.Time{}
	for change, err := range st.Watch(t.Context(), "operations/history/", before) {
		if err != nil {
			t.Fatal(err)
		}
		w := change.Writes[0]
		if at := stopped[w.Key]; len(change.Writes) != 1 || !w.Delete || at.Before(last) {
			t.Fatalf("%+v after one that ended at %v", change, last)
		}
		last = stopped[w.Key]
		if changes++; changes == many-kept {
			break
		}
	}
	if got := revisionOf(t, st) - before; got != many-kept {
		t.Errorf("%d transactions, want %d", got, many-kept)
	}
}

// counted is a store that counts how often a table is read from its beginning.
type counted struct {
	*memory.Store
	reads map[string]int
}

func (c counted) Scan(ctx context.Context, prefix, after string, limit int, see func(key, value []byte, at store.Revision) bool) (store.Revision, error) {
	if after == "" {
		c.reads[prefix]++
	}
	return c.Store.Scan(ctx, prefix, after, limit, see)
}

// The history is read once for as many as are remembered, and the oldest go, however many there are.
func TestCleanUpReadsTheHistoryOnce(t *testing.T) {
	for _, tt := range []struct{ finished, kept, reads int }{
		{1_000, 1_000, 1}, {1_000, 999, 1}, {1_000, 0, 1}, {66_000, 34_000, 1}, {66_000, 400, 2},
	} {
		t.Run(fmt.Sprintf("%d of %d", tt.finished-tt.kept, tt.finished), func(t *testing.T) {
			t.Parallel()
			st := counted{memory.New(), make(map[string]int)}
			defer st.Close()
			oldest := listedNow.Add(-time.Duration(tt.finished) * second)
			records := many(tt.finished, false)
			for i := range records {
				records[i].Stopped = oldest.Add(time.Duration(i*7919%tt.finished) * second)
			}
			stored(t, st, records, asIs)
			settings := emulator.Settings{MaxStoredActionCount: tt.kept, CompletedActionKeepDuration: -1}
			if tt.kept == 0 {
				settings.MaxStoredActionCount = -1
			}
			e := emulator.New(st, emulator.WithClock(func() time.Time { return listedNow }), emulator.WithSettings(settings))
			if err := e.CleanUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := st.reads["operations/history/"]; got != tt.reads {
				t.Errorf("the history was read %d times, want %d", got, tt.reads)
			}
			for _, r := range records {
				_, err := st.Get(t.Context(), "operations/history/"+r.ID.String())
				if kept := !r.Stopped.Before(listedNow.Add(-time.Duration(tt.kept) * second)); kept != (err == nil) {
					t.Fatalf("one that ended at %v: %v, kept should be %t", r.Stopped, err, kept)
				}
			}
		})
	}
}
