package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger/internal/document"
)

// Create creates a ledger in dir from entries of another source, such as a ledger of another kind. It stores
// each entry unchanged, in the order of entries. It is fast if they are grouped by operation and sorted
// by operation id, and slow otherwise.
//
// The directory appears complete and durable, or not at all: Create builds it at dir with ".new" appended and
// renames it. If a process dies meanwhile, the next call starts over. If dir exists, it is left unchanged and the
// error is [fs.ErrExist]. Any number of processes may call Create concurrently: one creates the ledger, and the others
// wait, until their ctx ends, and then get fs.ErrExist. They synchronize by a lock file at dir with ".lock"
// appended, which stays. An error that entries yields ends Create, and is returned.
func Create(ctx context.Context, dir string, entries iter.Seq2[wrapper.Entry, error]) error {
	if dir == "" {
		return fmt.Errorf("ledger: create: %w: no directory", store.ErrInvalid)
	}
	if err := create(ctx, filepath.Clean(dir), entries); err != nil {
		return fmt.Errorf("ledger: create: %w", err)
	}
	return nil
}

func create(ctx context.Context, dir string, entries iter.Seq2[wrapper.Entry, error]) error {
	if err := makeDir(filepath.Dir(dir)); err != nil {
		return err
	}
	unlock, err := lock(ctx, dir+lockEnding, createRetry)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = &fs.PathError{Op: "create", Path: dir, Err: fs.ErrExist}
		}
		return err
	}
	c := creation{l: &Ledger{dir: dir + ".new"}}
	if err := c.all(ctx, entries); err != nil {
		return errors.Join(err, os.RemoveAll(c.l.dir))
	}
	if err := os.Rename(c.l.dir, dir); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// creation is the state of a Create.
type creation struct {
	l       *Ledger
	current *draft    // the file that was added to last
	shard   byte      // the shard of current
	begun   [256]bool // shards whose file has its header
}

func (c *creation) all(ctx context.Context, entries iter.Seq2[wrapper.Entry, error]) error {
	if err := os.RemoveAll(c.l.dir); err != nil {
		return err
	}
	if err := os.Mkdir(c.l.dir, dirMode); err != nil {
		return err
	}
	for entry, err := range entries {
		if err = errors.Join(err, ctx.Err()); err == nil {
			err = c.add(entry)
		}
		if err != nil {
			return errors.Join(err, c.turn())
		}
	}
	if err := c.turn(); err != nil {
		return err
	}
	return syncDir(c.l.dir)
}

// turn finishes the file that was added to last.
func (c *creation) turn() error {
	if c.current == nil {
		return nil
	}
	err := c.current.finish()
	c.current = nil
	return err
}

func (c *creation) add(entry wrapper.Entry) error {
	text, err := document.Encode(entry)
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	text = seal(text)
	if len(text) > longestLine {
		return fmt.Errorf("%w: an entry of %d bytes is %w", store.ErrInvalid, len(text), errLength)
	}
	shard := shardOf(entry.OperationID)
	if c.current == nil || c.shard != shard {
		if err := c.turn(); err != nil {
			return err
		}
		if c.current, err = openDraft(c.l.path(shard, entriesEnding)); err != nil {
			return err
		}
		c.shard = shard
	}
	if !c.begun[shard] {
		c.begun[shard] = true
		if err := c.current.add(headerOf(shard)); err != nil {
			return err
		}
	}
	return c.current.add(text)
}
