package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

// recalling are the rules for [store.Recall], which every store has to bear. That a [store.Recaller] returns what a
// Watch yields is held against every watch of the random transactions.
func recalling() []clause {
	fails := func(t *testing.T, ctx context.Context, s store.Store, after store.Revision, want error) {
		t.Helper()
		if changes, at, err := store.Recall(ctx, s, "", after, 1); len(changes) > 0 || at != 0 || !errors.Is(err, want) {
			t.Errorf("Recall after %d, of at most 1 = %v, %d, %v, want 0, %v", after, changes, at, err, want)
		}
	}
	return []clause{
		{"recall/nothing was committed", func(t *testing.T, s store.Store) {
			for range 2 {
				from := revision(t, s)
				recalled(t, s, "", from, 1, nil, from)
				set(t, s, "a", "1")
			}
		}},
		{"recall/no more than asked for", func(t *testing.T, s store.Store) {
			from := revision(t, s)
			first, second := set(t, s, "a", "1"), set(t, s, "b", "2")
			want := []store.Change{
				{Revision: first, Writes: []store.Write{{Key: "a", Value: []byte("1")}}},
				{Revision: second, Writes: []store.Write{{Key: "b", Value: []byte("2")}}},
			}
			recalled(t, s, "", from, 2, want, second)
			recalled(t, s, "b", from, 2, want[1:], second)
			recalled(t, s, "", first, 1, want[1:], second)
			fails(t, t.Context(), s, from, store.ErrCompacted)
		}},
		{"recall/what was committed last is there", func(t *testing.T, s store.Store) {
			for range 100 {
				from := revision(t, s)
				at := set(t, s, "a", "1")
				recalled(t, s, "", from, 1, []store.Change{{Revision: at, Writes: []store.Write{{Key: "a", Value: []byte("1")}}}}, at)
			}
		}},
		{"recall/what somebody has read is there", func(t *testing.T, s store.Store) {
			const commits = 200
			from := set(t, s, "a", "")
			committed := make(chan struct{})
			go func() {
				defer close(committed)
				for range commits {
					if _, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: "a"}}}); err != nil {
						t.Errorf("Commit: %v", err)
						return
					}
				}
			}()
			defer func() { <-committed }()
			for read := from; read < from+commits && !t.Failed(); {
				read = get(t, s, "a").Revision
				changes, at, err := store.Recall(t.Context(), s, "", from, commits)
				if errors.Is(err, store.ErrCompacted) { // it remembers nothing
					return
				}
				last := from
				if len(changes) > 0 {
					last = changes[len(changes)-1].Revision
				}
				if err != nil || last < read || at < last {
					t.Fatalf("Recall = %d, %v, with changes up to %d; somebody has read what was committed at %d", at, err, last, read)
				}
			}
		}},
		{"recall/refuses what a watch refuses", func(t *testing.T, s store.Store) {
			set(t, s, "a", "")
			fails(t, t.Context(), s, -1, store.ErrInvalid)
			over, end := context.WithCancel(t.Context())
			end()
			fails(t, over, s, revision(t, s), context.Canceled)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			fails(t, t.Context(), s, 1, store.ErrClosed)
		}},
	}
}

// recalled holds a recall against the changes that were committed, unless the store remembers none.
func recalled(t tester, s store.Store, prefix string, after store.Revision, most int, want []store.Change, at store.Revision) {
	t.Helper()
	got, now, err := store.Recall(t.Context(), s, prefix, after, most)
	if _, ok := s.(store.Recaller); !ok && after != at {
		if !errors.Is(err, store.ErrCompacted) {
			t.Fatalf("Recall(%q, %d) = %v, %d, %v, want ErrCompacted", prefix, after, got, now, err)
		}
		return
	}
	if err != nil || now != at {
		t.Fatalf("Recall(%q, %d) = %v, %d, %v, want %d", prefix, after, got, now, err, at)
	}
	same(t, "what is recalled", got, want)
}
