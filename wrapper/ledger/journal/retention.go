package journal

import (
	"bytes"
	"context"
	"io"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/internal/document"
)

// cleanEvery is the minimum time between two clean-ups of a file.
const cleanEvery = 24 * time.Hour

// firstLines is how many lines are checked for their age to decide whether a clean-up is due. One line is not
// enough: an entry with a future time, from a wrong clock, must not keep the entries of other operations after it.
const firstLines = 8

// aging decides which lines of a file are removed, given one after the other. A line stays, whatever its age, after a
// line of the same operation that stays: removing a start that was recorded by a slow clock would leave the graceful
// cancel of an earlier life as evidence. An unreadable line may be of any operation.
type aging struct {
	oldest time.Time
	kept   map[uuid.UUID]bool
	broken bool
}

func (l *Ledger) aging() aging {
	return aging{oldest: time.Now().Add(-l.retention), kept: make(map[uuid.UUID]bool)}
}

// next decides on the next line. old reports that it is to be removed, and held that it stays because of an earlier
// line.
func (a *aging) next(n line) (entry wrapper.Entry, old, held bool) {
	entry, err := document.Decode(n.text)
	if err != nil || n.broken {
		a.broken = true
	}
	if held = a.broken || a.kept[entry.OperationID]; held {
		return entry, false, true
	}
	old = entry.Time.Before(a.oldest)
	a.kept[entry.OperationID] = !old
	return entry, old, false
}

// due reports whether one of the first entries of a file has been too old for cleanEvery. That limits how often a
// file is cleaned up, without recording when it was.
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
	age, looked := l.aging(), 0
	_ = lines(ctx, file, headerOf(shard), func(n line) error {
		entry, old, held := age.next(n)
		due = old && entry.Time.Before(limit)
		if !held {
			looked++
		}
		if due || age.broken || looked == firstLines {
			return io.EOF
		}
		return nil
	})
	return due
}

// removeOld replaces the file of a shard by one without the entries older than the retention. The caller holds the
// lock. An unreadable line stays, and so do all after it. The old file is complete until the new one replaces it.
func (l *Ledger) removeOld(ctx context.Context, shard byte) error {
	file, err := l.open(shard, false)
	if file == nil || err != nil {
		return err
	}
	defer file.Close()
	path := l.path(shard, draftEnding)
	_ = os.Remove(path) // a draft that an interrupted clean-up has left
	d, err := openDraft(path)
	if err != nil {
		return err
	}
	defer d.remove()
	if err := d.add(headerOf(shard)); err != nil {
		return err
	}
	age := l.aging()
	err = lines(ctx, file, headerOf(shard), func(n line) error {
		if _, old, _ := age.next(n); old {
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
