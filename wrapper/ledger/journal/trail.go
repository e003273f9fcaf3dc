package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/internal/document"
)

// Trail yields the entries that the query selects, oldest first, by the time in the entries; entries
// of one operation with equal times are in the order in which they were appended.
//
// An unreadable line or file is yielded as [ledger.ErrDamaged] with the zero Entry, after the
// entry before it, and the trail continues. Any other error comes from the system or
// from ctx, and is the last thing yielded. A directory or file that others may write to is not an error
// here, but a warning; see [WithWarning].
//
// Trail yields a snapshot for each operation. It holds 32 bytes in memory for each entry selected, and
// keeps up to 256 files open until the iteration ends. The iterator can be used again, and then starts over.
func (l *Ledger) Trail(ctx context.Context, which ledger.Query) iter.Seq2[wrapper.Entry, error] {
	return func(yield func(wrapper.Entry, error) bool) {
		t := trail{ctx: ctx, l: l, which: which}
		defer t.close()
		err := t.find()
		for at := 0; at < len(t.spots) && err == nil; at++ {
			var entry wrapper.Entry
			if entry, err = t.read(t.spots[at]); err == nil || errors.Is(err, ledger.ErrDamaged) {
				if !yield(entry, err) {
					return
				}
				err = nil
			}
		}
		if err != nil {
			yield(wrapper.Entry{}, fmt.Errorf("ledger: trail: %w", err))
		}
	}
}

// trail is the state of one iteration.
type trail struct {
	ctx   context.Context
	l     *Ledger
	which ledger.Query
	spots []spot
	files [256]*os.File // by shard
	bad   []error
}

// spot is the position of a line or an error that a trail yields.
type spot struct {
	seconds int64
	offset  int64
	length  int // of the line; -1-i for the error bad[i]
	nanos   int32
	shard   byte
}

func (s spot) compare(o spot) int {
	return cmp.Or(cmp.Compare(s.seconds, o.seconds), cmp.Compare(s.nanos, o.nanos), cmp.Compare(s.shard, o.shard), cmp.Compare(s.offset, o.offset))
}

func (t *trail) close() {
	for _, file := range t.files {
		if file != nil {
			_ = file.Close()
		}
	}
}

// find finds the lines that the query selects, and sorts them.
func (t *trail) find() error {
	if there, err := t.l.present(true); !there || err != nil {
		return err
	}
	for shard := range t.files {
		if id := t.which.OperationID; id != (uuid.UUID{}) && shardOf(id) != byte(shard) {
			continue
		}
		for look := 1; ; look++ {
			spots, bad := len(t.spots), len(t.bad)
			if err := t.findIn(byte(shard)); err != nil {
				return err
			}
			if len(t.bad) == bad || look == looks {
				break
			}
			t.spots, t.bad = t.spots[:spots], t.bad[:bad]
		}
	}
	slices.SortFunc(t.spots, spot.compare)
	return nil
}

// findIn finds the lines in the file of a shard, which it opens anew.
func (t *trail) findIn(shard byte) error {
	if file := t.files[shard]; file != nil {
		_ = file.Close()
	}
	file, err := t.l.open(shard, true)
	if errors.Is(err, store.ErrForeign) {
		t.addBad(spot{shard: shard}, err)
		return nil
	}
	if t.files[shard] = file; file == nil || err != nil {
		return err
	}
	last := spot{shard: shard} // the line that was read last
	err = lines(t.ctx, file, headerOf(shard), func(n line) error {
		entry, err := document.Decode(n.text)
		if n.broken {
			err = errChecksum
		}
		if err != nil {
			last.offset = n.offset
			t.addBad(last, n.damaged(file.Name(), err))
			return nil
		}
		last = spot{entry.Time.Unix(), n.offset, len(n.text), int32(entry.Time.Nanosecond()), shard}
		if t.which.Matches(entry) {
			t.spots = append(t.spots, last)
		}
		return nil
	})
	if errors.Is(err, store.ErrForeign) || errors.Is(err, ledger.ErrDamaged) { // nothing after it can be read
		t.addBad(last, err)
		return nil
	}
	return err
}

// addBad adds the error for an unreadable line or file, at a spot.
func (t *trail) addBad(at spot, err error) {
	if !errors.Is(err, ledger.ErrDamaged) {
		err = fmt.Errorf("%w: %w", ledger.ErrDamaged, err)
	}
	t.bad = append(t.bad, err)
	at.length = -len(t.bad)
	t.spots = append(t.spots, at)
}

// read returns the entry at a spot.
func (t *trail) read(at spot) (wrapper.Entry, error) {
	if err := t.ctx.Err(); err != nil {
		return wrapper.Entry{}, err
	}
	if at.length < 0 {
		return wrapper.Entry{}, t.bad[-at.length-1]
	}
	text := make([]byte, at.length)
	if _, err := t.files[at.shard].ReadAt(text, at.offset); err != nil {
		return wrapper.Entry{}, err
	}
	return document.Decode(text)
}
