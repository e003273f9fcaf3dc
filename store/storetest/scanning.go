package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

// scanning are the rules for [store.Scan], which every store has to bear. That it shows what a
// List returns is held against every list of the other clauses.
func scanning() []clause {
	none := func(t *testing.T) func(key, value []byte, at store.Revision) bool {
		return func(key, _ []byte, _ store.Revision) bool {
			t.Errorf("it was shown %q", key)
			return true
		}
	}
	fails := func(t *testing.T, ctx context.Context, s store.Store, limit int, want error) {
		t.Helper()
		if at, err := store.Scan(ctx, s, "", "", limit, none(t)); at != 0 || !errors.Is(err, want) {
			t.Errorf("Scan = %d, %v, want 0, %v", at, err, want)
		}
	}
	return []clause{
		{"scan/ends when it is told to", func(t *testing.T, s store.Store) {
			for _, key := range []string{"a", "b", "c"} {
				set(t, s, key, "")
			}
			var got []string
			at, err := store.Scan(t.Context(), s, "", "", 10, func(key, _ []byte, _ store.Revision) bool {
				got = append(got, string(key))
				return len(got) < 2
			})
			same(t, "keys", got, []string{"a", "b"})
			if want := revision(t, s); at != want || err != nil {
				t.Errorf("Scan = %d, %v, want %d", at, err, want)
			}
		}},
		{"scan/refuses what a list refuses", func(t *testing.T, s store.Store) {
			set(t, s, "a", "")
			fails(t, t.Context(), s, 0, store.ErrInvalid)
			fails(t, t.Context(), s, -1, store.ErrInvalid)
			over, end := context.WithCancel(t.Context())
			end()
			fails(t, over, s, 1, context.Canceled)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			fails(t, t.Context(), s, 1, store.ErrClosed)
		}},
	}
}

// scanned holds a list against a scan, unless something was written between the two.
func scanned(t tester, s store.Store, prefix, after string, limit int, page store.Page) {
	t.Helper()
	got, err := scan(t.Context(), s, prefix, after, limit)
	if err != nil {
		t.Fatalf("Scan(%q, %q, %d): %v", prefix, after, limit, err)
	}
	if got.Revision == page.Revision {
		same(t, "what a scan shows", got.Items, page.Items)
	}
}

// scan is a list by a scan.
func scan(ctx context.Context, s store.Store, prefix, after string, limit int) (page store.Page, err error) {
	page.Revision, err = store.Scan(ctx, s, prefix, after, limit, func(key, value []byte, at store.Revision) bool {
		page.Items = append(page.Items, store.Item{Key: string(key), Value: bytes.Clone(value), Revision: at})
		return true
	})
	return page, err
}
