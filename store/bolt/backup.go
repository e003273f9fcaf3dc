package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

// Backup writes a copy of the store to a new file at path, of mode 0600, while
// reads and commits go on. The copy is a store of its own for [Open], with the
// items and the revision of one moment between the call and its return: every
// transaction that was acknowledged before the call is in it, and none that a loss
// of power could still take back.
//
// It appears at path complete and on the disk, or not at all: not if ctx ends, the
// disk is full or the process dies meanwhile, which may leave a file behind whose
// name is that of the copy with ".new-" and a number appended; it can be deleted.
// Nothing is ever replaced. The file system must have hard links.
//
// The errors are [store.ErrInvalid] for an empty path, [store.ErrClosed],
// [fs.ErrExist] if there is something at path, [fs.ErrNotExist] if its directory
// is missing, ctx's error, and those of the system.
//
// Pages that were in use when the copy began are not used again until it has been
// written, so that the store's file grows with what is committed meanwhile. A commit
// for which the file has to grow beyond what bbolt has mapped, the next power of two up
// to 1 GiB and then the next whole GiB, waits until the copy has been written, and all
// other calls wait with it (bbolt maps anew only when nobody reads). A small store
// gets there after a few commits, a large one hardly. So copy to a disk that takes
// the copy quickly; making it durable there holds up nobody.
func (s *Store) Backup(ctx context.Context, path string) error {
	if err := s.backup(ctx, path); err != nil {
		return fmt.Errorf("bolt: back up %q to %q: %w", s.path, path, err)
	}
	return nil
}

func (s *Store) backup(ctx context.Context, path string) error {
	if path == "" {
		return fmt.Errorf("%w: empty path", store.ErrInvalid)
	}
	if err := s.usable(ctx); err != nil {
		return err
	}
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fmt.Errorf("a backup replaces nothing, choose another path: %w", fs.ErrExist)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	dir, draft, err := newDraft(path)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	if err := errors.Join(s.copyInto(ctx, draft), draft.Close()); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil {
		return err
	}
	if err := syncDir(dir); err != nil {
		// It could still go away, so it must not look as if it were there to stay.
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// copyInto returns once the copy, and what it is a copy of, is on the disk.
func (s *Store) copyInto(ctx context.Context, draft *os.File) error {
	w := &copyWriter{ctx: ctx, to: draft}
	if s.aroundCopy != nil {
		w.to = s.aroundCopy(draft)
	}
	err := s.viewTx(ctx, func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(w)
		return err
	})
	switch why := s.whyEnded(); {
	case err == nil:
		return draft.Sync()
	case w.err != nil:
		return w.err
	case why != nil && errors.Is(err, os.ErrClosed): // see abandon
		return why
	default:
		return err
	}
}

// copyWriter ends a copy when ctx ends. It keeps its error, of which bbolt in
// places passes on the text alone.
type copyWriter struct {
	ctx context.Context
	to  io.Writer
	err error
}

func (w *copyWriter) Write(b []byte) (n int, err error) {
	if w.err = w.ctx.Err(); w.err == nil {
		n, w.err = w.to.Write(b)
	}
	return n, w.err
}
