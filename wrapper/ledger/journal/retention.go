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

// cleanEvery is how long a file is left alone after old entries were removed from it.
const cleanEvery = 24 * time.Hour

// firstLines is how many lines tell how old a file is: one of tomorrow, of a clock that was wrong, must
// not keep those of other operations that come after it.
const firstLines = 8

// aging tells of the lines of a file, one after the other, which have to stay whatever their age: those after one
// of the same operation that stays. Otherwise a start that was noted by a clock which was behind would go, and leave
// the graceful cancel of an earlier life as evidence. A line that cannot be read may be of any operation.
type aging struct {
	oldest time.Time
	kept   map[uuid.UUID]bool
	broken bool
}

func (l *Ledger) aging() aging {
	return aging{oldest: time.Now().Add(-l.retention), kept: make(map[uuid.UUID]bool)}
}

// next looks at the next line. old reports that it is to go, and held that it is not because of one before it.
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

// removeOld writes the file of a shard, whose lock is held, anew without the entries that are older than the
// retention. What cannot be read stays, and what comes after it. Until the new file is in its place the old one is whole.
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
