package changelog_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/internal/changelog"
)

// The drivers' tests hold a log against the contract of Watch; what is here is what
// that cannot see: how much is remembered.
func TestRemembersTheLatest(t *testing.T) {
	for _, c := range []struct {
		name        string
		value       int // bytes
		appended    store.Revision
		known, lost store.Revision // the earliest to watch from, and the latest that is too old
	}{
		{"everything at first", 10, 100, 7, 6},
		{"10 000 transactions", 10, 10_050, 57, 56},
		{"16 MiB of keys and values", 1<<20 - 8, 40, 7 + 24, 7 + 23},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := changelog.New(7)
			for i := range c.appended {
				l.Append(8+i, []store.Write{{Key: "12345678", Value: make([]byte, c.value)}})
			}
			next, stop := iter.Pull2(l.Watch(t.Context(), "", c.known))
			defer stop()
			for want := c.known + 1; want <= 7+c.appended; want++ {
				if change, err, _ := next(); err != nil || change.Revision != want {
					t.Fatalf("Watch from %d = %d, %v, want %d", c.known, change.Revision, err, want)
				}
			}
			for _, err := range l.Watch(t.Context(), "", c.lost) {
				if !errors.Is(err, store.ErrCompacted) {
					t.Errorf("Watch from %d: %v, want ErrCompacted", c.lost, err)
				}
			}
		})
	}
}

// A watcher that falls behind is told so, and gets no change after a gap.
func TestSlowWatcher(t *testing.T) {
	l := changelog.New(0)
	l.Append(1, []store.Write{{Key: "a"}})
	next, stop := iter.Pull2(l.Watch(t.Context(), "", 0))
	defer stop()
	if change, err, _ := next(); change.Revision != 1 || err != nil {
		t.Fatalf("Watch = %d, %v", change.Revision, err)
	}
	for at := store.Revision(2); at < 20_000; at++ {
		l.Append(at, []store.Write{{Key: "a"}})
	}
	if change, err, _ := next(); !errors.Is(err, store.ErrCompacted) {
		t.Errorf("Watch = %d, %v, want ErrCompacted", change.Revision, err)
	}
}

// Nothing is shown after the end, even if a group was still on its way to the disk.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, why := changelog.New(0), errors.New("why")
		ends := make(chan error, 10)
		for range 2 {
			go func() {
				for change, err := range l.Watch(t.Context(), "", 0) {
					if err == nil {
						err = fmt.Errorf("revision %d", change.Revision)
					}
					ends <- err
				}
			}()
		}
		synctest.Wait()
		l.End(why)
		l.End(errors.New("another"))
		l.Append(1, []store.Write{{Key: "a"}})
		synctest.Wait()
		if len(ends) != 2 {
			t.Fatalf("%d ends of two watches", len(ends))
		}
		for range 2 {
			if err := <-ends; !errors.Is(err, why) {
				t.Errorf("a watch ended with %v, want the first reason", err)
			}
		}
	})
}

// What is recalled is what a watch yields at once, and the last revision that had an effect.
func TestRecall(t *testing.T) {
	l := changelog.New(7)
	for at := store.Revision(8); at <= 12; at++ {
		l.Append(at, []store.Write{{Key: fmt.Sprint("a/", at)}, {Key: "b", Value: []byte("1"), Delete: at == 9}})
	}
	for _, c := range []struct {
		prefix string
		after  store.Revision
		most   int
		want   []store.Revision
		last   store.Revision
		err    error
	}{
		{"", 7, 5, []store.Revision{8, 9, 10, 11, 12}, 12, nil},
		{"a/1", 7, 5, []store.Revision{10, 11, 12}, 12, nil},
		{"a/8", 7, 5, []store.Revision{8}, 12, nil},
		{"b", 10, 2, []store.Revision{11, 12}, 12, nil},
		{"", 12, 1, nil, 12, nil},
		{"", 7, 4, nil, 0, store.ErrCompacted},
		{"", 6, 9, nil, 0, store.ErrCompacted},
		{"", -1, 9, nil, 0, store.ErrInvalid},
	} {
		changes, last, err := l.Recall(c.prefix, c.after, c.most)
		var got []store.Revision
		for _, change := range changes {
			got = append(got, change.Revision)
			for _, w := range change.Writes {
				if w.Delete != (w.Key == "b" && change.Revision == 9) || w.Delete && w.Value != nil {
					t.Errorf("Recall(%q, %d): got %+v at %d, want a delete of b at 9 alone, without a value", c.prefix, c.after, w, change.Revision)
				}
			}
		}
		if !slices.Equal(got, c.want) || last != c.last || !errors.Is(err, c.err) {
			t.Errorf("Recall(%q, %d, %d) = %v, %d, %v, want %v, %d, %v", c.prefix, c.after, c.most, got, last, err, c.want, c.last, c.err)
		}
	}
}

// A watch of a prefix leaves out what is not under it, and the log keeps a copy of what it was given.
func TestWatchPrefix(t *testing.T) {
	l := changelog.New(0)
	value := []byte("1")
	l.Append(1, []store.Write{{Key: "b"}})
	l.Append(2, []store.Write{{Key: "a", Value: value}, {Key: "b"}})
	value[0] = 'x'
	for change, err := range l.Watch(t.Context(), "a", 0) {
		if err != nil || change.Revision != 2 || len(change.Writes) != 1 || change.Writes[0].Key != "a" || string(change.Writes[0].Value) != "1" {
			t.Errorf("Watch = %+v, %v, want a: 1 alone, at 2", change, err)
		}
		break
	}
}
