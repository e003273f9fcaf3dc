package bolt_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// event is one thing that happened to the file, or to a caller of Commit.
type event struct {
	kind     eventKind
	at       int64  // wrote: where; grew: the new length
	data     []byte // wrote
	revision store.Revision
}

type eventKind int

const (
	wrote   eventKind = iota
	grew              // the file was made longer
	fsynced           // with the file's length
	datasynced
	acknowledged // Commit returned; revision is what it returned
)

func (e event) String() string {
	switch e.kind {
	case wrote:
		return fmt.Sprintf("pwrite64 %d %d", e.at, len(e.data))
	case grew:
		return fmt.Sprintf("ftruncate %d", e.at)
	case fsynced:
		return "fsync"
	case datasynced:
		return "fdatasync"
	default:
		return fmt.Sprintf("ack %d", e.revision)
	}
}

// isMeta reports whether e wrote a meta page, which is how a transaction of bbolt
// becomes valid. revision is then the one that this made valid.
func (e event) isMeta() bool { return e.kind == wrote && e.at < 2*int64(os.Getpagesize()) }

// recorder writes down what bbolt does to the file of a store. It sees the writes
// and the length; the syncs it derives from where they are in bbolt v1.5.0: DB.grow
// makes the file longer and then calls fsync, Tx.write calls fdatasync after the last
// of the pages, Tx.writeMeta after the meta page. TestSyncsAreWhereTheModelHasThem
// holds that against the system calls.
type recorder struct {
	path   string
	syncs  bool // bbolt is not told to leave them out
	mu     sync.Mutex
	length int64
	events []event
}

func record(s *bolt.Store, path string) (*recorder, error) {
	r := &recorder{path: path, syncs: bolt.Syncs(s)}
	if err := r.measure(); err != nil {
		return nil, err
	}
	r.events = nil // of what was there before
	bolt.AroundUpdate(s, func(update func() error) error {
		err := update()
		if err != nil {
			return err
		}
		at, err := bolt.Visible(s)
		r.updated(at)
		return err
	})
	return r, bolt.AroundWrites(s, r.write)
}

func (r *recorder) measure() error {
	info, err := os.Stat(r.path)
	if err == nil && info.Size() != r.length {
		r.length = info.Size()
		r.events = append(r.events, event{kind: grew, at: r.length})
	}
	return err
}

func (r *recorder) write(b []byte, at int64, write bolt.WriteAt) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := len(r.events)
	if err := r.measure(); err != nil {
		return 0, err
	}
	if len(r.events) > known {
		r.synced(event{kind: fsynced})
	}
	e := event{kind: wrote, at: at, data: bytes.Clone(b)}
	if e.isMeta() {
		r.synced(event{kind: datasynced})
	}
	r.events = append(r.events, e)
	n, err := write(b, at)
	if err == nil {
		err = r.measure() // a write beyond the end
	}
	return n, err
}

// updated is called when bbolt has returned from an update.
func (r *recorder) updated(at store.Revision) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.events) - 1; i >= 0 && r.events[i].revision == 0; i-- {
		if r.events[i].isMeta() {
			r.events[i].revision = at
		}
	}
	r.synced(event{kind: datasynced, revision: at})
}

func (r *recorder) synced(e event) {
	if r.syncs {
		r.events = append(r.events, e)
	}
}

// acknowledge is called when a Commit has returned.
func (r *recorder) acknowledge(at store.Revision, also func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, event{kind: acknowledged, revision: at})
	if also != nil {
		also()
	}
}

// run is a recorded run of commits on a store that was empty.
type run struct {
	base   []byte // the file at the beginning, all of it synced
	events []event
	// states are the items at each revision, from 0 on.
	states []map[string]store.Item
	// valid are the revisions at which bbolt's transactions ended.
	valid []store.Revision
}

// recordRun commits transactions one by one and in groups, with deletes, values that
// take several pages, and growth of the file.
func recordRun(t *testing.T, random *rand.Rand) run {
	t.Helper()
	const groups = 24
	var r run
	synctest.Test(t, func(t *testing.T) {
		h := openHeld(t)
		var err error
		if r.base, err = os.ReadFile(h.path); err != nil {
			t.Fatal(err)
		}
		rec, err := record(h.Store, h.path)
		if err != nil {
			t.Fatal(err)
		}
		written := make(map[store.Revision]store.Txn)
		var mu sync.Mutex
		commit := func(txn store.Txn) {
			go func() {
				at, err := h.Commit(t.Context(), txn)
				if err != nil {
					t.Error(err)
					return
				}
				rec.acknowledge(at, nil)
				mu.Lock()
				defer mu.Unlock()
				written[at] = txn
			}()
			synctest.Wait() // it is queued, or leads
		}
		commit(randomTxn(random))
		for range groups {
			// While a group waits at the gate, the next one comes together.
			for range 1 + max(0, random.IntN(7)-3) {
				commit(randomTxn(random))
			}
			h.gate <- nil
			synctest.Wait()
		}
		close(h.gate)
		synctest.Wait()
		r.events = rec.events
		r.states = replay(t, written)
	})
	for _, e := range r.events {
		if e.isMeta() {
			r.valid = append(r.valid, e.revision)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	r.checkVariety(t)
	return r
}

func randomTxn(random *rand.Rand) store.Txn {
	var txn store.Txn
	for _, i := range random.Perm(20)[:1+random.IntN(3)] {
		w := store.Write{Key: fmt.Sprintf("key/%02d", i), Delete: random.IntN(4) == 0}
		if !w.Delete {
			w.Value = make([]byte, []int{0, 20, 200, 3000, 9000, 20_000}[random.IntN(6)])
			for at := range w.Value {
				w.Value[at] = byte(random.Uint32())
			}
		}
		txn.Then = append(txn.Then, w)
	}
	return txn
}

func replay(t *testing.T, written map[store.Revision]store.Txn) []map[string]store.Item {
	t.Helper()
	states := []map[string]store.Item{{}}
	for at := store.Revision(1); int(at) <= len(written); at++ {
		state := make(map[string]store.Item)
		for key, item := range states[at-1] {
			state[key] = item
		}
		txn, ok := written[at]
		if !ok {
			t.Errorf("no transaction has revision %d of %d", at, len(written))
		}
		for _, w := range txn.Then {
			if delete(state, w.Key); !w.Delete {
				state[w.Key] = store.Item{Key: w.Key, Value: w.Value, Revision: at}
			}
		}
		states = append(states, state)
	}
	return states
}

// checkVariety makes sure that a run has what it is there for.
func (r run) checkVariety(t *testing.T) {
	t.Helper()
	growths, overflows, grouped, single := 0, 0, 0, 0
	for _, e := range r.events {
		switch {
		case e.kind == grew:
			growths++
		case e.kind == wrote && len(e.data) > os.Getpagesize():
			overflows++
		}
	}
	before := store.Revision(0)
	for _, at := range r.valid {
		if at-before > 1 {
			grouped++
		} else {
			single++
		}
		before = at
	}
	if growths < 2 || overflows < 5 || grouped < 3 || single < 3 || !slices.IsSorted(r.valid) || int(before) != len(r.states)-1 {
		t.Fatalf("run of %d growths, %d writes with overflow, %d groups, %d single commits, valid at %v of %d: want some of each",
			growths, overflows, grouped, single, r.valid, len(r.states)-1)
	}
	t.Logf("%d commits in %d transactions of bbolt (%d of them groups), %d events, %d growths, %d writes with overflow",
		before, len(r.valid), grouped, len(r.events), growths, overflows)
}

// fastDir is a directory in memory if there is one: nothing here depends on the disk.
func fastDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "sfcancel-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Clean(dir)
}
