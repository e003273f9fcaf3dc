package bolt

import (
	"fmt"
	"io"
	"reflect"
	"unsafe"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

// AroundUpdate has around called in place of each of bbolt's updates, to hold
// them up, count them or make them fail. Before the first Commit.
func AroundUpdate(s *Store, around func(update func() error) error) {
	update := s.update
	s.update = func(fn func(*bbolt.Tx) error) error {
		return around(func() error { return update(fn) })
	}
}

// AroundCopy has around called with the file of each backup, for what the copy is
// written to.
func AroundCopy(s *Store, around func(io.Writer) io.Writer) { s.aroundCopy = around }

// WriteAt is how bbolt writes to its file.
type WriteAt = func(b []byte, at int64) (int, error)

// AroundWrites has around called in place of each of bbolt's writes to the file.
// Before the first Commit. bbolt has this for tests of its own, in an unexported
// field; it is an error if this bbolt has no such field.
func AroundWrites(s *Store, around func(b []byte, at int64, write WriteAt) (int, error)) error {
	ops := reflect.ValueOf(s.db).Elem().FieldByName("ops")
	if ops.Kind() != reflect.Struct {
		return fmt.Errorf("bbolt.DB has no struct ops: look how this bbolt writes")
	}
	field := ops.FieldByName("writeAt")
	if !field.IsValid() || field.Type() != reflect.TypeFor[WriteAt]() {
		return fmt.Errorf("bbolt.DB has no function ops.writeAt: look how this bbolt writes")
	}
	writeAt := (*WriteAt)(unsafe.Pointer(field.UnsafeAddr()))
	write := *writeAt
	*writeAt = func(b []byte, at int64) (int, error) { return around(b, at, write) }
	return nil
}

// Visible is the revision that bbolt shows, which may not be on the disk yet.
func Visible(s *Store) (at store.Revision, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		at = storeRevision(tx)
		return nil
	})
	return at, err
}

// Syncs reports whether bbolt makes what it writes durable.
func Syncs(s *Store) bool {
	return !s.db.NoSync && !s.db.NoGrowSync && !s.db.NoFreelistSync
}

// HasFreeList reports whether the file says which of its pages are free.
func HasFreeList(s *Store) (has bool, err error) {
	c := &pageChecker{file: s.file, pageSize: s.db.Info().PageSize}
	err = s.db.View(func(tx *bbolt.Tx) error {
		id, err := c.freelistPage(uint64(tx.ID()))
		has = id != noFreelist
		return err
	})
	return has, err
}

// Size is how many bytes of the file are pages, in use or free.
func Size(s *Store) (bytes int64) {
	_ = s.db.View(func(tx *bbolt.Tx) error {
		bytes = tx.Size()
		return nil
	})
	return bytes
}
