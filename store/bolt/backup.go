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
// reads and commits go on. The copy is a snapshot that [Open] accepts, with the
// items and the revision of one moment between call and return. It contains every
// transaction that was acknowledged before the call, and only transactions that are durable.
//
// It appears at path complete and durable, or not at all, even if ctx ends, the
// disk fills up or the process dies. A process that dies may leave a file with the
// name of the copy plus ".new-" and a number; it can be deleted.
// Backup never replaces a file. The file system must support hard links.
//
// The errors are [store.ErrInvalid] for an empty path, [store.ErrClosed],
// [fs.ErrExist] if path exists, [fs.ErrNotExist] if its directory
// is missing, ctx's error, and those of the operating system.
//
// Pages that were in use when the copy began are not reused until it has been
// written, so the store's file grows with every commit meanwhile. bbolt maps the file in sizes of
// powers of two up to 1 GiB, then of whole GiB, and can enlarge the mapping only while there are no
// readers. A commit that needs a larger mapping waits for the end of the copy, and all
// other calls wait with it. A small store gets there after a few commits, a large one
// rarely. So copy to a disk with fast writes; the copy's fsync blocks no other call.
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
		// Its name is not durable, so the copy must not stay.
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// copyInto returns once the copy and the state it was taken from are durable.
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

// copyWriter ends a copy when ctx ends. It keeps its error, because bbolt in
// places returns only the text.
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
