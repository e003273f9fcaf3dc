package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/store"
)

// patience is how long a watch may take to show what is there: a store that never does
// fails its test, instead of hanging.
const patience = 30 * time.Second

// watching are the promises to those who watch. The random histories are held against
// a watch as well.
func watching() []clause {
	return []clause{
		{"watch/every transaction once, in order", func(t *testing.T, s store.Store) {
			from := revision(t, s)
			var want []store.Change
			for i := range 20 {
				w := store.Write{Key: fmt.Sprint("key", i%3), Value: fmt.Append(nil, i)}
				at := commit(t, s, store.Txn{Then: []store.Write{w}})
				want = append(want, store.Change{Revision: at, Writes: []store.Write{w}})
			}
			end := want[len(want)-1].Revision
			same(t, "changes", watch(t, s, "", from, end), want)
			same(t, "changes after the tenth", watch(t, s, "", want[9].Revision, end), want[10:])
		}},
		{"watch/a transaction is one change, in order of keys", func(t *testing.T, s store.Store) {
			set(t, s, "p/old", "1")
			from := revision(t, s)
			at := commit(t, s, store.Txn{Then: []store.Write{
				{Key: "p/z", Value: []byte("z")}, {Key: "p/old", Delete: true, Value: []byte("ignored")}, {Key: "other"},
				{Key: "p/\xff"}, {Key: "p/a", Value: []byte("a")}, {Key: "p/never there", Delete: true}, {Key: "p"},
			}})
			same(t, "changes", watch(t, s, "p/", from, at), []store.Change{{Revision: at, Writes: []store.Write{
				{Key: "p/a", Value: []byte("a")}, {Key: "p/old", Delete: true}, {Key: "p/z", Value: []byte("z")}, {Key: "p/\xff"},
			}}})
		}},
		{"watch/what had no effect is not shown", func(t *testing.T, s store.Store) {
			from := revision(t, s)
			first := set(t, s, "a", "1")
			commit(t, s, store.Txn{Then: []store.Write{{Key: "none", Delete: true}}})
			if _, err := s.Commit(t.Context(), store.Txn{If: []store.Condition{{Key: "a"}}, Then: []store.Write{{Key: "a"}}}); !errors.Is(err, store.ErrConflict) {
				t.Fatalf("Commit: %v, want ErrConflict", err)
			}
			again := set(t, s, "a", "1") // the same value is a write
			same(t, "changes", watch(t, s, "", from, again), []store.Change{
				{Revision: first, Writes: []store.Write{{Key: "a", Value: []byte("1")}}},
				{Revision: again, Writes: []store.Write{{Key: "a", Value: []byte("1")}}},
			})
		}},
		{"watch/waits for what comes", func(t *testing.T, s store.Store) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			next, stop := iter.Pull2(s.Watch(ctx, "a", revision(t, s)))
			defer stop()
			for i := range 10 {
				revisions := make(chan store.Revision, 1)
				go func() {
					set(t, s, "b", "")
					revisions <- set(t, s, "a", fmt.Sprint(i))
				}()
				change, err, ok := next()
				if err != nil || !ok {
					t.Fatalf("Watch = %v, %t", err, ok)
				}
				same(t, "change", change, store.Change{Revision: <-revisions, Writes: []store.Write{{Key: "a", Value: fmt.Append(nil, i)}}})
			}
		}},
		{"watch/a revision that is still to come", func(t *testing.T, s store.Store) {
			from := set(t, s, "a", "0")
			var want []store.Change
			var end store.Revision
			for i := range 5 {
				end = set(t, s, "a", fmt.Sprint(i))
				if end > from+2 {
					want = append(want, store.Change{Revision: end, Writes: []store.Write{{Key: "a", Value: fmt.Append(nil, i)}}})
				}
			}
			same(t, "changes", watch(t, s, "", from+2, end), want)
			ctx, cancel := context.WithCancel(t.Context())
			next, stop := iter.Pull2(s.Watch(ctx, "", math.MaxInt64))
			defer stop()
			time.AfterFunc(10*time.Millisecond, cancel)
			if change, err, _ := next(); !errors.Is(err, context.Canceled) {
				t.Errorf("a watch from the last revision there is = %+v, %v, want Canceled", change, err)
			}
		}},
		{"watch/can be broken off and used again", func(t *testing.T, s store.Store) {
			from := revision(t, s)
			set(t, s, "a", "")
			set(t, s, "a", "")
			changes := s.Watch(t.Context(), "", from)
			var firsts []store.Revision
			for range 3 {
				for change, err := range changes {
					if err != nil {
						t.Fatal(err)
					}
					firsts = append(firsts, change.Revision)
					break
				}
			}
			if len(firsts) != 3 || firsts[0] != firsts[1] || firsts[1] != firsts[2] {
				t.Errorf("three uses began with the revisions %v", firsts)
			}
		}},
		{"watch/ends with its context", func(t *testing.T, s store.Store) {
			ctx, cancel := context.WithCancel(t.Context())
			set(t, s, "a", "")
			time.AfterFunc(10*time.Millisecond, cancel)
			watchFails(t, s.Watch(ctx, "nothing here", revision(t, s)), context.Canceled)
		}},
		{"watch/ends with the store", func(t *testing.T, s store.Store) {
			var group sync.WaitGroup
			from := set(t, s, "a", "")
			for range 4 {
				group.Go(func() { watchFails(t, s.Watch(t.Context(), "", from), store.ErrClosed) })
			}
			next, stop := iter.Pull2(s.Watch(t.Context(), "", 0))
			defer stop()
			if _, err, _ := next(); err != nil && !errors.Is(err, store.ErrCompacted) {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil { // while next has not asked for more
				t.Errorf("Close: %v", err)
			}
			group.Wait()
		}},
		{"watch/the changes are the caller's own", func(t *testing.T, s store.Store) {
			from := revision(t, s)
			value := []byte("value")
			end := commit(t, s, store.Txn{Then: []store.Write{{Key: "a", Value: value}}})
			clear(value)
			for range 2 {
				changes := watch(t, s, "", from, end)
				if got := string(changes[0].Writes[0].Value); got != "value" {
					t.Errorf("value = %q after a copy was changed", got)
				}
				clear(changes[0].Writes[0].Value)
				_ = append(changes[0].Writes[0].Value, "more"...)
				changes[0].Writes[0].Key = "b"
			}
		}},
		{"watch/any prefix", func(t *testing.T, s store.Store) {
			keys := []string{"\x00", "a", "a\xff", "a\xff\xff", "a\xff\xffb", "b", "\xff", "\xff\xff"}
			from := revision(t, s)
			var txn store.Txn
			for _, key := range keys {
				txn.Then = append(txn.Then, store.Write{Key: key})
			}
			at := commit(t, s, txn)
			for _, prefix := range []string{"", "a", "a\xff", "a\xff\xff", "\xff", "\xff\xff", "\x00"} {
				want := store.Change{Revision: at}
				for _, w := range txn.Then {
					if strings.HasPrefix(w.Key, prefix) {
						want.Writes = append(want.Writes, w)
					}
				}
				same(t, fmt.Sprintf("changes under %q", prefix), watch(t, s, prefix, from, at), []store.Change{want})
			}
		}},
		{"watch/list and watch together miss nothing", followers},
	}
}

// followers keep copies of the store up to date by a list and a watch, from different
// moments on, while others write to it.
func followers(t *testing.T, s store.Store) {
	const writers, each, watchers = 4, 40, 4
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	copies := make([]map[string]store.Item, watchers)
	var writing, following sync.WaitGroup
	for f := range watchers {
		following.Go(func() { copies[f] = follow(ctx, t, s) })
	}
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				txn := store.Txn{Then: []store.Write{
					{Key: fmt.Sprintf("shared/%d", i%7), Value: fmt.Append(nil, w, i)},
					{Key: fmt.Sprintf("own/%d/%d", w, i)},
					{Key: fmt.Sprintf("own/%d/%d", w, i-3), Delete: true},
				}}
				if _, err := s.Commit(ctx, txn); err != nil {
					t.Errorf("Commit: %v", err)
				}
			}
		})
	}
	writing.Wait()
	set(t, s, "the end", "")
	following.Wait()
	want := make(map[string]store.Item)
	for _, item := range all(t, s) {
		want[item.Key] = item
	}
	for _, got := range copies {
		same(t, "the copy of a follower", got, want)
	}
}

// follow returns what the store holds, as a list and a watch tell it, once they tell of
// the end.
func follow(ctx context.Context, t *testing.T, s store.Store) map[string]store.Item {
	held := make(map[string]store.Item)
	from := store.Revision(-1)
	for after := ""; ; {
		page, err := s.List(ctx, "", after, 5)
		if err != nil {
			t.Errorf("List: %v", err)
			return nil
		}
		if from < 0 {
			from = page.Revision
		}
		for _, item := range page.Items {
			held[item.Key], after = item, item.Key
		}
		if len(page.Items) < 5 {
			break
		}
	}
	if end := held["the end"].Revision; 0 < end && end <= from {
		return held // the writers were done before the list: no change is to come
	}
	last := from
	for change, err := range s.Watch(ctx, "", from) {
		if err != nil {
			t.Errorf("Watch: %v", err)
			return nil
		}
		if change.Revision <= last {
			t.Errorf("revision %d after %d", change.Revision, last)
		}
		last = change.Revision
		for _, w := range change.Writes {
			switch {
			case held[w.Key].Revision > change.Revision: // a later page had it already
			case w.Delete:
				delete(held, w.Key)
			default:
				held[w.Key] = store.Item{Key: w.Key, Value: w.Value, Revision: change.Revision}
			}
			if w.Key == "the end" {
				return maps.Clone(held)
			}
		}
	}
	return nil
}

// watch returns the changes after a revision, up to that of until, which must be one of
// them.
func watch(t tester, s store.Store, prefix string, after, until store.Revision) []store.Change {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var changes []store.Change
	last := after
	for change, err := range s.Watch(ctx, prefix, after) {
		if err != nil {
			t.Fatalf("Watch(%q, %d): %v, after %d changes", prefix, after, err, len(changes))
		}
		if change.Revision <= last || len(change.Writes) == 0 {
			t.Fatalf("Watch(%q, %d) shows %+v after revision %d", prefix, after, change, last)
		}
		changes, last = append(changes, change), change.Revision
		if last >= until {
			break
		}
	}
	if last != until {
		t.Fatalf("Watch(%q, %d) shows revision %d, want %d", prefix, after, last, until)
	}
	return changes
}

// watchFails fails t unless the watch shows nothing but the error, once.
func watchFails(t *testing.T, changes iter.Seq2[store.Change, error], want error) {
	t.Helper()
	n := 0
	for change, err := range changes {
		if n++; !errors.Is(err, want) || change.Revision != 0 || change.Writes != nil {
			t.Errorf("Watch = %+v, %v, want none, %v", change, err, want)
		}
	}
	if n != 1 {
		t.Errorf("Watch yielded %d times, want once", n)
	}
}
