package bolt

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"
	"unsafe"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

// AroundUpdate replaces each bbolt update with a call of around, which can delay, count or
// fail it. Call it before the first Commit.
func AroundUpdate(s *Store, around func(update func() error) error) {
	update := s.update
	s.update = func(fn func(*bbolt.Tx) error) error {
		return around(func() error { return update(fn) })
	}
}

// AroundCopy makes each backup write to around(file) instead of its file.
func AroundCopy(s *Store, around func(io.Writer) io.Writer) { s.aroundCopy = around }

// WriteAt is the type of bbolt's function that writes to its file.
type WriteAt = func(b []byte, at int64) (int, error)

// AroundWrites replaces each of bbolt's writes to the file with a call of around.
// Call it before the first Commit. bbolt has this hook for its own tests, in an unexported
// field; AroundWrites fails if this version of bbolt has no such field.
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

// Visible returns the revision that bbolt shows, which may not be durable yet.
func Visible(s *Store) (at store.Revision, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		at = storeRevision(tx)
		return nil
	})
	return at, err
}

// Syncs reports whether bbolt syncs all its writes.
func Syncs(s *Store) bool {
	return !s.db.NoSync && !s.db.NoGrowSync && !s.db.NoFreelistSync
}

// HasFreeList reports whether the file has a list of free pages.
func HasFreeList(s *Store) (has bool, err error) {
	c := &pageChecker{file: s.file, pageSize: s.db.Info().PageSize}
	err = s.db.View(func(tx *bbolt.Tx) error {
		id, err := c.freelistPage(uint64(tx.ID()))
		has = id != noFreelist
		return err
	})
	return has, err
}

// Size returns the size of all pages of the file, used and free, in bytes.
func Size(s *Store) (bytes int64) {
	_ = s.db.View(func(tx *bbolt.Tx) error {
		bytes = tx.Size()
		return nil
	})
	return bytes
}

// Walked returns how often Open reads each page of a store's file, and how many pages the file has.
func Walked(path string) (reads map[int64]int, pages int, err error) {
	db, file, err := openFile(path, true, time.Now())
	if err != nil {
		return nil, 0, err
	}
	reads = make(map[int64]int)
	pageSize := int64(db.Info().PageSize)
	count := readAt(func(b []byte, at int64) (int, error) {
		for page := at / pageSize; page*pageSize < at+int64(len(b)); page++ {
			reads[page]++
		}
		return file.ReadAt(b, at)
	})
	err = db.View(func(tx *bbolt.Tx) error {
		pages = int(tx.Size() / pageSize)
		_, err := checkPages(tx, count, tx.Size())
		return err
	})
	return reads, pages, errors.Join(err, db.Close())
}

type readAt func(b []byte, at int64) (int, error)

func (f readAt) ReadAt(b []byte, at int64) (int, error) { return f(b, at) }

// ListFree writes the list of free pages as Open does to a file at path that has none, but writes to on.
func ListFree(path string, on interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
}) error {
	db, file, err := openFile(path, true, time.Now())
	if err != nil {
		return err
	}
	pages, err := inspectOpen(db, file)
	if err == nil && !pages.unlisted {
		err = errors.New("the file has a list of free pages")
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return pages.writeFree(on)
}

// Consistent returns what bbolt's own check finds wrong with the file.
func Consistent(s *Store) error {
	return s.db.View(func(tx *bbolt.Tx) (err error) {
		for wrong := range tx.Check() {
			err = errors.Join(err, wrong)
		}
		return err
	})
}
