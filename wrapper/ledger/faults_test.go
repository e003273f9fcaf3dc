package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

// fault is what becomes of one Commit of an entry: with it carried out or not, and an error or none.
type fault struct {
	happens bool
	err     error
}

// faulty is a store whose Commits of entries go wrong by a script, and then no more.
type faulty struct {
	store.Store
	script  []fault
	commits int
	list    error
	after   func() // each Commit of an entry
	loose   bool   // an entry could be written twice
}

func (f *faulty) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	if !strings.HasPrefix(txn.Then[0].Key, "ledger/") {
		return f.Store.Commit(ctx, txn)
	}
	f.commits++
	f.loose = f.loose || len(txn.If) != 1 || txn.If[0] != store.Condition{Key: txn.Then[0].Key}
	if f.after != nil {
		defer f.after()
	}
	if len(f.script) == 0 {
		return f.Store.Commit(ctx, txn)
	}
	now := f.script[0]
	f.script = f.script[1:]
	if now.happens {
		if _, err := f.Store.Commit(ctx, txn); err != nil {
			return 0, err
		}
	}
	return 0, now.err
}

func (f *faulty) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	if f.list != nil {
		return store.Page{}, f.list
	}
	return f.Store.List(ctx, prefix, after, limit)
}

// An entry is there once, or Append says that it may not be; whatever the store does.
func TestAppendFaults(t *testing.T) {
	t.Parallel()
	unavailable := fault{false, fmt.Errorf("the driver: %w", store.ErrUnavailable)}
	happened := fault{true, fmt.Errorf("the driver: %w", store.ErrOutcomeUnknown)}
	lost := fault{false, happened.err}
	closed := fault{false, fmt.Errorf("the driver: %w", store.ErrClosed)}
	cases := []struct {
		name    string
		script  []fault
		want    []error // behind the error; none for a success
		there   int
		commits int
	}{
		{"nothing", nil, nil, 1, 1},
		{"unavailable", []fault{unavailable}, []error{store.ErrUnavailable}, 0, 1},
		{"closed", []fault{closed}, []error{store.ErrClosed}, 0, 1},
		{"unknown, and it happened", []fault{happened}, nil, 1, 2},
		{"unknown, and it did not", []fault{lost}, nil, 1, 2},
		{"unknown twice", []fault{lost, happened}, nil, 1, 3},
		{"unknown for good, and it did not", []fault{lost, lost, lost}, []error{store.ErrOutcomeUnknown}, 0, 3},
		{"unknown for good, and it did", []fault{lost, lost, happened}, []error{store.ErrOutcomeUnknown}, 1, 3},
		{"unknown, then unavailable", []fault{happened, unavailable}, []error{store.ErrOutcomeUnknown, store.ErrUnavailable}, 1, 2},
		{"unknown, then closed", []fault{lost, closed}, []error{store.ErrOutcomeUnknown, store.ErrClosed}, 0, 2},
		{"the key of somebody else", []fault{{false, store.ErrConflict}}, []error{store.ErrConflict}, 0, 1},
	}
	for _, tc := range cases {
		st := &faulty{Store: memory.New(), script: tc.script}
		err := newLedger(t, st).Append(t.Context(), entry(opA, 0, ""))
		if (err == nil) != (tc.want == nil) {
			t.Errorf("%s: %v", tc.name, err)
		}
		for _, want := range tc.want {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, and not %v", tc.name, err, want)
			}
		}
		if n := len(entryKeys(t, st)); n != tc.there || st.commits != tc.commits || st.loose {
			t.Errorf("%s: %d entries after %d commits", tc.name, n, st.commits)
		}
	}
}

// An end of the context ends the asking, and leaves open what is open.
func TestAppendEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	st := &faulty{Store: memory.New(), script: []fault{{true, store.ErrOutcomeUnknown}}, after: cancel}
	if err := newLedger(t, st).Append(ctx, entry(opA, 0, "")); !errors.Is(err, store.ErrOutcomeUnknown) || st.commits != 1 {
		t.Errorf("%v after %d commits", err, st.commits)
	}
	if err := newLedger(t, st).Append(ctx, entry(opA, 0, "")); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

// A store that cannot be read is an error, and not a ledger with nothing in it.
func TestReadFaults(t *testing.T) {
	t.Parallel()
	st := &faulty{Store: memory.New()}
	l := newLedger(t, st)
	must(t, l.Append(t.Context(), entry(opA, 0, "")))
	for _, want := range []error{store.ErrUnavailable, store.ErrClosed, context.DeadlineExceeded} {
		st.list = fmt.Errorf("the driver: %w", want)
		if got, err := l.Entries(t.Context(), opA); !errors.Is(err, want) || got != nil {
			t.Errorf("entries: %v, %v", got, err)
		}
		if _, err := l.Clean(t.Context()); !errors.Is(err, want) {
			t.Errorf("clean: %v", err)
		}
		n := 0
		for e, err := range l.Trail(t.Context(), everything) {
			if n++; !errors.Is(err, want) || e != (wrapper.Entry{}) {
				t.Errorf("trail: %v, %v", e, err)
			}
		}
		for e, err := range l.ByOperation(t.Context()) {
			if n++; !errors.Is(err, want) || e != (wrapper.Entry{}) {
				t.Errorf("by operation: %v, %v", e, err)
			}
		}
		if n != 2 {
			t.Errorf("a trail of %d", n)
		}
	}
}
