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
	"github.com/sfcancel/sfcancel/wrapper/ledger/internal/document"
)

// Append notes the entry for good. Its By is kept if it has one, and is that of [WithBy] otherwise.
//
// Its errors are [store.ErrInvalid] for an entry that has no form, [store.ErrLocked] if the lock was not to
// be had before ctx ended, [store.ErrForeign] for a file that is not the ledger's, a [ModeError] for
// one that others may write to, and those of the system. After any of them the entry is not there;
// only a disk that fails to make it durable may keep it all the same. The same entry appended twice is there twice.
// At most once a day for each file, Append also removes what is older than the retention.
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
	if err := l.write(shard, seal(text)); err != nil {
		return err
	}
	if l.due(ctx, shard) {
		_ = l.removeOld(ctx, shard)
	}
	return nil
}

// write adds a line to the file of a shard, whose lock is held.
func (l *Ledger) write(shard byte, text []byte) error {
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
		tail, err := tailOf(file, info.Size())
		if err != nil {
			return err
		}
		if end = info.Size() - int64(len(tail)); brokenEnd(tail) {
			end, text = info.Size(), append([]byte("\n"), text...) // it stays, as the damaged line that it is
		}
	}
	if end < info.Size() {
		if err := file.Truncate(end); err != nil {
			return err
		}
	}
	if _, err := file.Write(text); err != nil {
		return errors.Join(err, file.Truncate(end)) // of a full disk, say
	}
	if err := file.Sync(); err != nil {
		return errors.Join(err, file.Truncate(end))
	}
	if begun {
		return nil
	}
	return syncDir(l.dir)
}

// tailOf returns what comes after the last end of a line.
func tailOf(file *os.File, size int64) ([]byte, error) {
	var tail []byte
	for block := make([]byte, 4096); size > 0; {
		part := block[:min(size, int64(len(block)))]
		size -= int64(len(part))
		if _, err := file.ReadAt(part, size); err != nil {
			return nil, err
		}
		end := bytes.LastIndexByte(part, '\n')
		tail = append(bytes.Clone(part[end+1:]), tail...)
		if end >= 0 {
			break
		}
	}
	return tail, nil
}
