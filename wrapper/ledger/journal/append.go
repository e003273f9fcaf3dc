package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/internal/document"
)

// Append stores the entry durably. An empty By is filled in from [WithBy].
//
// Its errors are [store.ErrInvalid] if the entry cannot be encoded or is longer than 16 MiB, [store.ErrLocked] if
// ctx ended before the lock was free, [store.ErrForeign] for a file that is not a ledger's, a [ModeError] for
// a directory or file that others may write to, [ledger.ErrDamaged] for a file whose unfinished last line is longer
// than an entry may be, and those of the system. After an error the entry is not stored, except that a disk
// that fails to make it durable may keep it. Appending the same entry twice stores it twice. At most once a
// day for each file, Append also removes entries older than the retention.
func (l *Ledger) Append(ctx context.Context, entry wrapper.Entry) error {
	if err := l.append(ctx, entry); err != nil {
		return fmt.Errorf("ledger: append: %w", err)
	}
	return nil
}

func (l *Ledger) append(ctx context.Context, entry wrapper.Entry) error {
	if entry.By == "" {
		entry.By = l.by
	}
	text, err := document.Encode(entry)
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	text = seal(text)
	if len(text) > longestLine {
		return fmt.Errorf("%w: an entry of %d bytes is %w", store.ErrInvalid, len(text), errLength)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := makeDir(l.dir); err != nil {
		return err
	}
	if _, err := l.present(false); err != nil {
		return err
	}
	shard := shardOf(entry.OperationID)
	unlock, err := lock(ctx, l.path(shard, lockEnding), appendRetry)
	if err != nil {
		return err
	}
	defer unlock()
	if err := l.write(ctx, shard, text); err != nil {
		return err
	}
	if l.due(ctx, shard) {
		_ = l.removeOld(ctx, shard)
	}
	return nil
}

// write adds a line to the file of a shard. The caller holds the lock.
func (l *Ledger) write(ctx context.Context, shard byte, text []byte) error {
	path := l.path(shard, entriesEnding)
	if err := regularIfThere(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, fileMode)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := l.examine(path, info, fileMode, false); err != nil {
		return err
	}
	header := headerOf(shard)
	start := make([]byte, len(header))
	n, err := file.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	begun, err := headed(start[:n], header)
	if err != nil {
		return wrapPath(err, path)
	}
	end := int64(0)
	switch {
	case !begun:
		text = append(header, text...)
	default:
		tail, err := tailOf(ctx, file, info.Size())
		if err != nil {
			return err
		}
		if end = info.Size() - int64(len(tail)); brokenEnd(tail) {
			end, text = info.Size(), append([]byte("\n"), text...) // keep the tail as a damaged line
		}
	}
	if end < info.Size() {
		if err := file.Truncate(end); err != nil {
			return err
		}
	}
	if _, err := file.Write(text); err != nil {
		return errors.Join(err, file.Truncate(end)) // the disk may be full
	}
	if err := file.Sync(); err != nil {
		return errors.Join(err, file.Truncate(end))
	}
	if begun {
		return nil
	}
	return syncDir(l.dir)
}

// tailOf returns the bytes after the last newline: the rest of a write that was cut short, or zeros if the file
// system had stored the size before the content.
func tailOf(ctx context.Context, file *os.File, size int64) ([]byte, error) {
	start := size
	for block := make([]byte, 1<<16); start > 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		part := block[:min(start, int64(len(block)))]
		if _, err := file.ReadAt(part, start-int64(len(part))); err != nil {
			return nil, err
		}
		end := bytes.LastIndexByte(part, '\n')
		if start -= int64(len(part) - end - 1); size-start > longestLine {
			return nil, fmt.Errorf("%w: %s: its last line is unfinished, and %w; whoever knows what it was may remove it", ledger.ErrDamaged, file.Name(), errLength)
		}
		if end >= 0 {
			break
		}
	}
	tail := make([]byte, size-start)
	if len(tail) > 0 {
		if _, err := file.ReadAt(tail, start); err != nil {
			return nil, err
		}
	}
	return tail, nil
}
