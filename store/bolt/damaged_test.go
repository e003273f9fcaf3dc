package bolt_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

var errJudge = errors.New("it makes no sense")

// Check finds what keeps Open from opening a file, and what its caller finds; Remove takes it away.
func TestCheckAndRemove(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	var last store.Revision
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		at, err := s.Commit(t.Context(), writeOf(key))
		if err != nil {
			t.Fatal(err)
		}
		last = at
	}
	judge := func(item store.Item) error {
		if item.Key == "e" {
			return errJudge
		}
		return nil
	}
	if _, err := bolt.Check(t.Context(), path, judge, bolt.WithLockWait(0)); !errors.Is(err, store.ErrLocked) {
		t.Errorf("Check of an open store: %v, want ErrLocked", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	change(t, path, "a", []byte("short"))
	change(t, path, "b", binary.BigEndian.AppendUint64(nil, uint64(last+1)))
	change(t, path, "d", binary.BigEndian.AppendUint64(nil, 0))
	if _, err := bolt.Open(path); !errors.Is(err, store.ErrForeign) {
		t.Errorf("Open: %v, want ErrForeign", err)
	}
	damaged, err := bolt.Check(t.Context(), path, judge)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, d := range damaged {
		keys = append(keys, d.Key)
		if (d.Key == "e") != errors.Is(d.Err, errJudge) || d.Err == nil {
			t.Errorf("%s: %v", d.Key, d.Err)
		}
	}
	if want := []string{"a", "b", "d", "e"}; !slices.Equal(keys, want) || string(damaged[0].Raw) != "short" {
		t.Errorf("damaged = %v with %q, want %v", keys, damaged[0].Raw, want)
	}
	changed := slices.Clone(damaged)
	changed[3].Raw = []byte("what was there before")
	if err := bolt.Remove(path, changed); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Remove of what has changed: %v, want ErrConflict", err)
	}
	if again, err := bolt.Check(t.Context(), path, judge); err != nil || len(again) != len(damaged) {
		t.Errorf("Check after a Remove in vain = %v, %v", again, err)
	}
	if err := bolt.Remove(path, damaged); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if got := fmt.Sprint(present(t, s)); got != "[c]" {
		t.Errorf("items = %s", got)
	}
	if at, err := s.Commit(t.Context(), writeOf("f")); err != nil || at <= last {
		t.Errorf("Commit = %d, %v, want more than %d", at, err, last)
	}
}

// change writes what is in the file at a key.
func change(t *testing.T, path, key string, raw []byte) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("items")).Put([]byte(key), raw)
	}), db.Close()); err != nil {
		t.Fatal(err)
	}
}
