package bolt_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// held is a store whose updates wait at a gate. Within a synctest bubble,
// synctest.Wait then returns when every transaction is either in the queue or
// taken by the leader waiting at the gate.
type held struct {
	*bolt.Store
	path string
	gate chan error // nil lets bbolt write; an error is returned instead
	// updates counts the updates that reached the gate; read it after synctest.Wait.
	updates int
	// after, if not nil, is called with bbolt's error and returns that of the update.
	after func(error) error
}

func openHeld(t *testing.T) *held {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	h := &held{Store: open(t, path), path: path, gate: make(chan error)}
	bolt.AroundUpdate(h.Store, func(update func() error) error {
		h.updates++
		if err := <-h.gate; err != nil {
			return err
		}
		err := update()
		if h.after != nil {
			err = h.after(err)
		}
		return err
	})
	return h
}

// result is the result of a Commit, once returned is set.
type result struct {
	revision store.Revision
	err      error
	returned bool
}

// commits starts a Commit for each transaction and waits until it is queued, so
// that the order is fixed. Read the results after another synctest.Wait.
func (h *held) commits(t *testing.T, txns ...store.Txn) []*result {
	t.Helper()
	var results []*result
	for _, txn := range txns {
		r := new(result)
		results = append(results, r)
		go func() {
			r.revision, r.err = h.Commit(t.Context(), txn)
			r.returned = true
		}()
		synctest.Wait()
	}
	return results
}

// writeOf returns a transaction that writes one key, on condition of its revision if when is given.
func writeOf(key string, when ...store.Revision) store.Txn {
	txn := store.Txn{Then: []store.Write{{Key: key, Value: []byte(key)}}}
	for _, revision := range when {
		txn.If = append(txn.If, store.Condition{Key: key, Revision: revision})
	}
	return txn
}

func present(t *testing.T, s store.Store) []string {
	t.Helper()
	page, err := s.List(t.Context(), "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, item := range page.Items {
		keys = append(keys, item.Key)
	}
	return keys
}

func TestQueuedCommitsAreOneGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const writers = 64
		h := openHeld(t)
		var revisions []store.Revision
		var mu sync.Mutex
		for i := range writers {
			go func() {
				revision, err := h.Commit(t.Context(), writeOf(fmt.Sprint(i)))
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				revisions = append(revisions, revision)
			}()
			if i == 0 {
				synctest.Wait() // it is the leader of a group of one
			}
		}
		synctest.Wait() // the others are in the queue
		close(h.gate)
		synctest.Wait()
		if len(revisions) != writers {
			t.Fatalf("%d commits returned, want %d", len(revisions), writers)
		}
		slices.Sort(revisions)
		for i, revision := range revisions {
			if revision != store.Revision(i+1) {
				t.Fatalf("revisions = %v, want 1 to %d", revisions, writers)
			}
		}
		if h.updates != 2 {
			t.Errorf("%d commits took %d updates, want 2", writers, h.updates)
		}
		if got := len(present(t, h)); got != writers {
			t.Errorf("%d items, want %d", got, writers)
		}
	})
}

func TestSingleCommitsAreNotDelayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHeld(t)
		close(h.gate)
		for i := range 3 {
			if _, err := h.Commit(t.Context(), writeOf("a")); err != nil {
				t.Fatal(err)
			}
			if h.updates != i+1 {
				t.Errorf("%d updates after %d commits, want as many", h.updates, i+1)
			}
		}
	})
}

func TestConflictFailsOnlyItsOwnTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHeld(t)
		// The first is a group of one; the others wait for it and are the second group.
		txns := []store.Txn{
			writeOf("a", 0), // becomes revision 1
			writeOf("a", 0), // conflict with the first group
			writeOf("b", 0), // 2
			writeOf("b", 0), // conflict within the group
			writeOf("b", 2), // 3
			writeOf("c", 0), // 4
		}
		results := h.commits(t, txns...)
		close(h.gate)
		synctest.Wait()
		for i, want := range []store.Revision{1, 0, 2, 0, 3, 4} {
			if got := results[i]; got.revision != want || (want == 0) != errors.Is(got.err, store.ErrConflict) {
				t.Errorf("Commit number %d = %+v, want revision %d (0: conflict)", i, got, want)
			}
		}
		if h.updates != 2 {
			t.Errorf("%d updates, want 2", h.updates)
		}
		if got := fmt.Sprint(present(t, h)); got != "[a b c]" {
			t.Errorf("items = %s, want [a b c]", got)
		}
	})
}

func TestLeaderReturnsWhileOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHeld(t)
		results := h.commits(t, writeOf("a"), writeOf("b"), writeOf("c"))
		h.gate <- nil
		synctest.Wait()
		if !results[0].returned || results[1].returned || results[2].returned {
			t.Errorf("returned: %t, %t, %t, want only the first",
				results[0].returned, results[1].returned, results[2].returned)
		}
		h.gate <- nil
		synctest.Wait()
		if !results[1].returned || !results[2].returned || h.updates != 2 {
			t.Errorf("returned: %t, %t after %d updates, want both after 2",
				results[1].returned, results[2].returned, h.updates)
		}
	})
}
