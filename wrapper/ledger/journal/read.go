package journal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

// line is a line after the header.
type line struct {
	text   []byte // without its newline; valid until the next line is read
	offset int64  // of text in the file
	number int    // counted from 1, the header
	broken bool   // text does not match its checksum
}

// damaged returns the error for an unreadable line.
func (n line) damaged(path string, why error) error {
	return fmt.Errorf("%w: %s line %d: %w; whoever knows what it was may remove the line", ledger.ErrDamaged, path, n.number, why)
}

var errChecksum = errors.New("it does not fit its checksum")

// lines calls visit with each line after the header, except an unfinished last one. It fails with
// [ledger.ErrDamaged] at a line that is too long, without looking for its end, which may be far away.
func lines(ctx context.Context, file *os.File, header []byte, visit func(line) error) error {
	start := make([]byte, len(header))
	n, err := io.ReadFull(file, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if begun, err := headed(start[:n], header); !begun || err != nil {
		return wrapPath(err, file.Name())
	}
	in := bufio.NewReaderSize(file, 1<<16)
	for at := (line{offset: int64(n), number: 2}); ; at.number++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		text, err := readLine(ctx, in)
		switch {
		case errors.Is(err, errLength):
			return at.damaged(file.Name(), err)
		case errors.Is(err, io.EOF):
			if !brokenEnd(text) {
				return nil
			}
			at.text, at.broken = text, true
			return visit(at)
		case err != nil:
			return err
		}
		at.text = text[:len(text)-1]
		at.broken = !sealed(at.text)
		if err := visit(at); err != nil {
			return err
		}
		at.offset += int64(len(text))
	}
}

// readLine returns a line with its newline, or the rest of the input and io.EOF. The line is valid until the next
// call.
func readLine(ctx context.Context, in *bufio.Reader) ([]byte, error) {
	text, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return text, err
	}
	for text = bytes.Clone(text); errors.Is(err, bufio.ErrBufferFull); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var more []byte
		more, err = in.ReadSlice('\n')
		if text = append(text, more...); len(text) > longestLine {
			return nil, errLength
		}
	}
	return text, err
}

// present reports whether the directory of the ledger exists, and checks its owner and mode as examine does.
func (l *Ledger) present(onlyLook bool) (bool, error) {
	info, err := os.Stat(l.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !info.IsDir():
		return false, fmt.Errorf("%w: %s is no directory", store.ErrForeign, l.dir)
	}
	return true, l.examine(l.dir, info, dirMode, onlyLook)
}

// open opens the file of a shard for reading. It returns nil if there is none.
func (l *Ledger) open(shard byte, onlyLook bool) (*os.File, error) {
	path := l.path(shard, entriesEnding)
	info, err := os.Stat(path) // before Open, which would block on a named pipe
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := errors.Join(regular(path, info), l.examine(path, info, fileMode, onlyLook)); err != nil {
		return nil, err
	}
	return os.Open(path)
}

// wrapPath adds the path to an error.
func wrapPath(err error, path string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", path, err)
}

func regular(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is no regular file", store.ErrForeign, path)
	}
	return nil
}

// regularIfThere fails if there is something other than a regular file at path. It is called before a file is opened
// or created, because opening a named pipe would block regardless of ctx.
func regularIfThere(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return regular(path, info)
}
