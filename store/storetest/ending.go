package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/store"
)

// ending are the rules for contexts. What happens to a commit whose context
// ends while it is under way is among the races.
func ending() []clause {
	over := map[string]func(ctx context.Context) (context.Context, error){
		"cancelled": func(ctx context.Context) (context.Context, error) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, context.Canceled
		},
		"cancelled with a cause": func(ctx context.Context) (context.Context, error) {
			ctx, cancel := context.WithCancelCause(ctx)
			cancel(errors.New("the cause"))
			return ctx, context.Canceled
		},
		"past its deadline": func(ctx context.Context) (context.Context, error) {
			ctx, cancel := context.WithDeadline(ctx, time.Unix(1, 0))
			defer cancel()
			return ctx, context.DeadlineExceeded
		},
	}
	var clauses []clause
	for name, end := range over {
		clauses = append(clauses, clause{"context/" + name, func(t *testing.T, s store.Store) {
			set(t, s, "a", "1")
			check := unchanged(t, s)
			ctx, want := end(t.Context())
			if item, err := s.Get(ctx, "a"); !errors.Is(err, want) || item.Key != "" {
				t.Errorf("Get = %v, %v, want none, %v", item, err, want)
			}
			page, err := s.List(ctx, "", "", 1)
			if !errors.Is(err, want) {
				t.Errorf("List: %v, want %v", err, want)
			}
			same(t, "page of a context that is over", page, store.Page{})
			watchFails(t, s.Watch(ctx, "", 0), want)
			revision, err := s.Commit(ctx, store.Txn{Then: []store.Write{{Key: "a", Value: []byte("2")}}})
			if !errors.Is(err, want) || revision != 0 {
				t.Errorf("Commit = %d, %v, want 0, %v", revision, err, want)
			}
			check()
		}})
	}
	return append(clauses, clause{"context/ends after the call", func(t *testing.T, s store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := s.Commit(ctx, store.Txn{Then: []store.Write{{Key: "a"}}}); err != nil {
			t.Fatalf("Commit: %v", err)
		}
		cancel()
		get(t, s, "a")
	}})
}
