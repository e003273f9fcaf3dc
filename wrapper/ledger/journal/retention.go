package journal

import (
	"bytes"
	"context"
	"io"
	"os"
	"time"

	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/internal/document"
)

// cleanEvery is how long a file is left alone after old entries were removed from it.
const cleanEvery = 24 * time.Hour

// firstLines is how many lines tell how old a file is: one of tomorrow, of a clock that was wrong, must
// not keep all that come after it.
const firstLines = 8

// due reports whether the first entries of a file have been too old for so long that it is to be cleaned. So
// no file is cleaned more often than that, without a note of when it was done.
func (l *Ledger) due(ctx context.Context, shard byte) (due bool) {
	if l.retention == ledger.Forever {
		return false
	}
	file, err := l.open(shard, false)
	if file == nil || err != nil {
		return false
	}
	defer file.Close()
	limit := time.Now().Add(-l.retention).Add(-cleanEvery)
	_ = lines(ctx, file, headerOf(shard), func(n line) error {
		entry, err := document.Decode(n.text)
		due = due || err == nil && !n.broken && entry.Time.Before(limit)
		if due || n.number > firstLines {
			return io.EOF
		}
		return nil
	})
	return due
}

// removeOld writes the file of a shard, whose lock is held, anew without the entries that are older than the
// retention. What cannot be read stays. Until the new file is in its place the old one is whole.
func (l *Ledger) removeOld(ctx context.Context, shard byte) error {
	file, err := l.open(shard, false)
	if file == nil || err != nil {
		return err
	}
	defer file.Close()
	path := l.path(shard, draftEnding)
	_ = os.Remove(path) // of a machine that failed meanwhile
	d, err := openDraft(path)
	if err != nil {
		return err
	}
	defer d.remove()
	if err := d.add(headerOf(shard)); err != nil {
		return err
	}
	oldest := time.Now().Add(-l.retention)
	err = lines(ctx, file, headerOf(shard), func(n line) error {
		if entry, err := document.Decode(n.text); err == nil && !n.broken && entry.Time.Before(oldest) {
			return nil
		}
		return d.add(append(bytes.Clone(n.text), '\n'))
	})
	if err != nil {
		return err
	}
	if err := d.finish(); err != nil {
		return err
	}
	if err := os.Rename(d.path, file.Name()); err != nil {
		return err
	}
	return syncDir(l.dir)
}
