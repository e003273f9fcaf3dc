package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/internal/changelog"
)

// Store is a [store.Store] in a file. Get and List do not wait for writers, only
// for the fsync of what they have read. Their cost is in proportion to what they return.
// Safe for concurrent use. Use [Open]; the zero Store is not usable.
type Store struct {
	db   *bbolt.DB
	file *os.File // of db, which closes it
	path string
	// readOnly is set if it was opened with ReadOnly.
	readOnly bool

	// update is db.Update, or a test's wrapper of it.
	update func(func(*bbolt.Tx) error) error
	// aroundCopy is a test's wrapper of a backup's file; nil outside tests.
	aroundCopy func(io.Writer) io.Writer

	// leader is a lock. Only its holder takes from the queue and calls update.
	leader chan struct{}
	// stuck is set if bbolt has panicked and may hold its locks for ever.
	// Guarded by leader.
	stuck bool

	mu    sync.Mutex
	queue []*pending // in order of arrival
	ended error      // why new calls are refused; nil while open

	durable watermark
	log     *changelog.Log // of durable transactions only
	closing sync.Once
}

var (
	_ store.Scanner  = (*Store)(nil)
	_ store.Recaller = (*Store)(nil)
	_ store.Batcher  = (*Store)(nil)
)

func newStore(db *bbolt.DB, file *os.File) (*Store, error) {
	s := &Store{
		db:     db,
		file:   file,
		path:   db.Path(),
		update: db.Update,
		leader: make(chan struct{}, 1),
	}
	var at store.Revision
	err := db.View(func(tx *bbolt.Tx) error {
		s.durable.reach(tx.ID())
		at = storeRevision(tx)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.log = changelog.New(at)
	return s, nil
}

// Close implements [store.Store]. After it has returned, any process can open the file.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() { err = s.close() })
	if err != nil {
		return fmt.Errorf("bolt: close %q: %w", s.path, err)
	}
	return nil
}

func (s *Store) close() error {
	s.end(store.ErrClosed)
	// Transactions still in the queue fail in tryWrite, which checks whyEnded.
	s.leader <- struct{}{}
	defer func() { <-s.leader }()
	if s.stuck {
		return abandon(s.file)
	}
	s.writeFreeList()
	return s.db.Close()
}

// end makes the store refuse new calls. The first reason is kept.
func (s *Store) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = why
		s.log.End(why)
	}
}

// fail ends the store when it no longer knows what the file holds.
func (s *Store) fail(cause error) error {
	why := fmt.Errorf("%w after a failure, open it again to see what it holds: %w", store.ErrClosed, cause)
	s.end(why)
	s.durable.fail(why)
	return why
}

func (s *Store) whyEnded() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// usable is asked at the start of every call.
func (s *Store) usable(ctx context.Context) error {
	if err := s.whyEnded(); err != nil {
		return err
	}
	return ctx.Err()
}

// visible returns the number of the last bbolt transaction that readers see.
func (s *Store) visible() (id int, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		id = tx.ID()
		return nil
	})
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		err = store.ErrClosed
	}
	return id, err
}
