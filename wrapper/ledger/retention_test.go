package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

// counting is a store that counts calls, and can be slow or fail.
type counting struct {
	store.Store
	gets, deletes atomic.Int64
	fail          atomic.Bool // Get, and Commit of deletions
	slow, slowGet time.Duration
}

var errDown = errors.New("it is down")

func (c *counting) Get(ctx context.Context, key string) (store.Item, error) {
	c.gets.Add(1)
	if c.fail.Load() {
		return store.Item{}, errDown
	}
	item, err := c.Store.Get(ctx, key)
	return item, errors.Join(err, c.wait(ctx, c.slowGet)) // the item may be stale by then
}

// wait waits for d, or until ctx ends.
func (c *counting) wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (c *counting) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	if err := c.wait(ctx, c.slow); err != nil {
		return store.Page{}, err
	}
	return c.Store.List(ctx, prefix, after, limit)
}

func (c *counting) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	if txn.Then[0].Delete {
		c.deletes.Add(1)
		if c.fail.Load() {
			return 0, errDown
		}
	}
	return c.Store.Commit(ctx, txn)
}

const day = 24 * time.Hour

// fill appends n entries of the given age to a store, each of its own operation.
func fill(t *testing.T, st store.Store, n int, age time.Duration) {
	t.Helper()
	l := newLedger(t, st, ledger.WithRetention(ledger.Forever))
	for i := range n {
		must(t, l.Append(t.Context(), wrapper.Entry{
			Time: time.Now().Add(-age), OperationID: uuid.NewSHA1(opA, fmt.Append(nil, i)), Action: "graceful"}))
	}
}

func now(reason string) wrapper.Entry {
	return wrapper.Entry{Time: time.Now(), OperationID: opA, Action: "graceful", Reason: reason}
}

// Append removes the entries older than the retention, and no others.
func TestRetention(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		option []ledger.Option
		stays  time.Duration // at most
	}{
		{"default", nil, 90 * day},
		{"a week", []ledger.Option{ledger.WithRetention(7 * day)}, 7 * day},
		{"for ever", []ledger.Option{ledger.WithRetention(ledger.Forever)}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(100 * 365 * day) // after 1970 by more than any retention
			st := memory.New()
			l := newLedger(t, st, tc.option...)
			must(t, l.Append(t.Context(), now("old")))
			time.Sleep(tc.stays)
			must(t, l.Append(t.Context(), now("new"))) // now "old" has exactly the maximum age
			if n := len(entryKeys(t, st)); n != 2 {
				t.Errorf("%s: got %d entries, want 2", tc.name, n)
			}
			time.Sleep(25 * time.Hour)
			must(t, l.Append(t.Context(), now("newer")))
			got := entriesOf(t, l, opA)
			if tc.stays == 0 {
				if len(got) != 3 || len(keys(t, st)) != 3 {
					t.Errorf("%s: got keys %v, want those of 3 entries", tc.name, keys(t, st))
				}
				return
			}
			if len(got) != 2 || got[0].Reason != "new" {
				t.Errorf("%s: got %+v, want new and newer", tc.name, got)
			}
		})
	}
}

// Each ledger reads the mark once an hour, and all ledgers together take one turn a day.
func TestRetentionIsRare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &counting{Store: memory.New()}
		ledgers := []*ledger.Ledger{newLedger(t, st), newLedger(t, st), newLedger(t, st)}
		for range 10 * 24 * 4 { // ten days, a quarter of an hour at a time
			fill(t, st.Store, 1, 91*day)
			for _, l := range ledgers {
				must(t, l.Append(t.Context(), now("")))
			}
			time.Sleep(15 * time.Minute)
		}
		if gets := st.gets.Load(); gets != 3*10*24 {
			t.Errorf("got %d reads of the mark, want %d", gets, 3*10*24)
		}
		if turns := st.deletes.Load(); turns != 10 {
			t.Errorf("got %d turns, want 10", turns)
		}
	})
}

// One of many concurrent Appends takes the turn and removes 500 entries; the next turn continues after those.
func TestRetentionTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &counting{Store: memory.New(), slowGet: time.Millisecond}
		fill(t, st, 1200, 91*day)
		fill(t, st, 300, time.Hour)
		append20 := func() (removed int) {
			before := len(entryKeys(t, st))
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if err := newLedger(t, st).Append(t.Context(), now("")); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			return before + 20 - len(entryKeys(t, st))
		}
		for _, want := range []int{500, 0, 500, 0, 200, 0} {
			if got := append20(); got != want {
				t.Errorf("got %d entries removed, want %d", got, want)
			}
			if want > 0 {
				continue // without waiting, so that no turn is due
			}
			time.Sleep(2 * time.Minute)
		}
		if n := st.deletes.Load(); n != 5+5+2 { // 100 deletions each, by one of the twenty
			t.Errorf("got %d transactions, want %d", n, 5+5+2)
		}
	})
}

// A single ledger also continues after a minute, although it otherwise reads the mark once an hour.
func TestRetentionGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		fill(t, st, 1200, 91*day)
		l := newLedger(t, st)
		for _, left := range []int{700, 200, 0, 0} {
			must(t, l.Append(t.Context(), now("")))
			old := 0
			for _, err := range l.Trail(t.Context(), ledger.Query{Until: time.Now().Add(-day)}) {
				must(t, err)
				old++
			}
			if old != left {
				t.Errorf("got %d old entries left, want %d", old, left)
			}
			time.Sleep(time.Minute)
		}
	})
}

// A failing or slow clean-up does not fail Append; a later turn makes up for it.
func TestRetentionFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &counting{Store: memory.New()}
		fill(t, st, 300, 91*day)
		l := newLedger(t, st)
		st.fail.Store(true)
		must(t, l.Append(t.Context(), now("a mark that cannot be read")))
		time.Sleep(2 * time.Hour)
		st.fail.Store(false)
		for _, slow := range []*time.Duration{&st.slowGet, &st.slow} {
			*slow = time.Minute
			begin := time.Now()
			must(t, l.Append(t.Context(), now("a mark that does not come, or a list")))
			if took := time.Since(begin); took > time.Second {
				t.Errorf("Append took %v, want a second at most", took)
			}
			*slow = 0
			time.Sleep(2 * time.Hour)
		}
		if n := len(keysAt(t, st)); n != 303 {
			t.Errorf("got %d entries after turns that failed, want 303", n)
		}
		st.slow = 200 * time.Millisecond // time for two pages
		must(t, l.Append(t.Context(), now("in part")))
		if n := len(keysAt(t, st)); n >= 304 || n < 5 {
			t.Errorf("got %d entries after a turn that timed out, want 5 to 303", n)
		}
		for range 3 {
			time.Sleep(2 * time.Minute)
			must(t, l.Append(t.Context(), now("the rest")))
		}
		if n := len(keysAt(t, st)); n != 7 {
			t.Errorf("got %d entries in the end, want 7", n)
		}
	})
}

func keysAt(t *testing.T, st *counting) []string { return entryKeys(t, st.Store) }

// An invalid mark is overwritten.
func TestRetentionMark(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "x", `{"time":"2999-01-01T00:00:00Z"}`, `{"time":"1999-01-01T00:00:00Z","after":"zzz"}`} {
		synctest.Test(t, func(t *testing.T) {
			st := memory.New()
			fill(t, st, 3, 91*day)
			_, err := st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: "ledger-retention", Value: []byte(value)}}})
			must(t, err)
			must(t, newLedger(t, st).Append(t.Context(), now("")))
			if n := len(entryKeys(t, st)); n != 1 {
				t.Errorf("%q: got %d entries, want 1", value, n)
			}
			item, err := st.Get(t.Context(), "ledger-retention")
			must(t, err)
			if want := `{"time":"` + time.Now().UTC().Format(time.RFC3339Nano) + `"}`; string(item.Value) != want {
				t.Errorf("got mark %s, want %s", item.Value, want)
			}
		})
	}
}

// Clean removes all old entries at once and returns how many. It leaves other items in the store alone.
func TestClean(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &counting{Store: memory.New()}
		fill(t, st, 1234, 91*day)
		fill(t, st, 5, 89*day)
		_, err := st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: "ledger"}, {Key: "ledger."}, {Key: "ledger/x"}, {Key: "ledger0"}}})
		must(t, err)
		if n, err := newLedger(t, st, ledger.WithRetention(ledger.Forever)).Clean(t.Context()); n != 0 || err != nil {
			t.Errorf("forever: got %d, %v, want 0, nil", n, err)
		}
		l := newLedger(t, st)
		st.fail.Store(true)
		if n, err := l.Clean(t.Context()); n != 0 || !errors.Is(err, errDown) {
			t.Errorf("failing: got %d, %v, want 0, %v", n, err, errDown)
		}
		st.fail.Store(false)
		if n, err := l.Clean(t.Context()); n != 1234 || err != nil || st.deletes.Load() != 1+13 {
			t.Errorf("got %d removed in %d transactions, %v, want 1234 in 14, nil", n, st.deletes.Load(), err)
		}
		if n, err := l.Clean(t.Context()); n != 0 || err != nil || len(keysAt(t, st)) != 9 {
			t.Errorf("again: got %d, %v and keys %s, want 0, nil and 9 keys", n, err, strings.Join(keysAt(t, st), " "))
		}
	})
}

// An operation loses its entries in the order of appending: a start that was recorded by a slow clock stays as long
// as the graceful cancel of the life before it, and is removed together with it.
func TestRetentionOrder(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, 25 * time.Hour} { // 0: by Clean, otherwise by Append
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(100 * 365 * day)
			st := memory.New()
			l := newLedger(t, st)
			put := func(age time.Duration, reason string) {
				e := now(reason)
				e.Time = e.Time.Add(-age)
				must(t, l.Append(t.Context(), e))
			}
			check := func(want ...string) {
				t.Helper()
				if time.Sleep(after); after == 0 {
					_, err := l.Clean(t.Context())
					must(t, err)
				} else {
					other := now("")
					other.OperationID = opB
					must(t, l.Append(t.Context(), other))
				}
				var got []string
				for _, e := range entriesOf(t, l, opA) {
					got = append(got, e.Reason)
				}
				if !slices.Equal(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}
			fill(t, st, 200, 91*day) // of other operations, before and after opA
			put(85*day, "graceful")
			put(365*day, "start")
			put(-day, "of tomorrow")
			put(365*day, "last")
			check("graceful", "start", "of tomorrow", "last")
			time.Sleep(6 * day)
			check("of tomorrow", "last")
			time.Sleep(92 * day)
			check()
		})
	}
}

// A turn that ends within an operation, or continues within one after an earlier release, removes its entries in the
// order of appending.
func TestRetentionWithin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(100 * 365 * day)
		st := memory.New()
		forever := newLedger(t, st, ledger.WithRetention(ledger.Forever))
		for i := range 600 { // each older than the one before
			e := now(fmt.Sprint(i))
			e.Time = e.Time.Add(-91*day - time.Duration(i)*time.Hour)
			must(t, forever.Append(t.Context(), e))
		}
		middle := entryKeys(t, st)[300]
		_, err := st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: "ledger-retention", Value: fmt.Appendf(nil, `{"time":"1999-01-01T00:00:00Z","left":true,"after":%q}`, middle)}}})
		must(t, err)
		l := newLedger(t, st)
		for _, first := range []string{"500", "new"} {
			must(t, l.Append(t.Context(), now("new")))
			if got := entriesOf(t, l, opA); got[0].Reason != first {
				t.Errorf("got %d entries from %q on, want from %q on", len(got), got[0].Reason, first)
			}
			time.Sleep(2 * time.Minute)
		}
	})
}

// An operation with more entries than a turn can read does not block those after it.
func TestRetentionLargeOperation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := &counting{Store: memory.New()}
		forever := newLedger(t, st, ledger.WithRetention(ledger.Forever))
		last := uuid.MustParse("ff1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")
		for i := range 1001 {
			e := now("")
			if e.Time = e.Time.Add(-91 * day); i == 1000 {
				e.OperationID = last
			}
			must(t, forever.Append(t.Context(), e))
		}
		st.slow = 200 * time.Millisecond
		l := newLedger(t, st)
		for range 10 {
			must(t, l.Append(t.Context(), now("")))
			time.Sleep(2 * time.Minute)
		}
		if got := entriesOf(t, l, last); len(got) != 0 {
			t.Errorf("got %d entries of the last operation, want 0", len(got))
		}
	})
}
