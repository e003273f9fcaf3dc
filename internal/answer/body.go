package answer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

const byteOrderMark = "\ufeff" // as .NET writes it

// Body reads the body of an answer, with a size limit and without a byte order mark. It keeps the beginning.
type Body struct {
	// Err is the read error; nil if there was none, and at EOF.
	Err error

	from  io.Reader
	left  int64 // the number of bytes that may still be read
	most  int64
	keep  int
	begun []byte
	token Token
	mid   bool // the beginning was read
}

// New returns the body of an answer. Reading more than most bytes is an error. The first keep bytes are kept.
func New(r io.Reader, token Token, most int64, keep int) *Body {
	return &Body{from: r, left: most, most: most, keep: keep, token: token}
}

// Read implements [io.Reader], and records an error in Err.
func (b *Body) Read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), b.left+1)]
	n, err := b.from.Read(p)
	if !b.mid {
		for more := 0; n < len(byteOrderMark) && n < len(p) && err == nil; n += more {
			more, err = b.from.Read(p[n:])
		}
		n, b.mid = copy(p, bytes.TrimPrefix(p[:n], []byte(byteOrderMark))), true
	}
	if b.left -= int64(n); b.left < 0 {
		n, err = n-1, fmt.Errorf("longer than %d bytes", b.most)
	}
	b.begun = append(b.begun, p[:min(n, b.keep+len(b.token)-len(b.begun))]...)
	if err != nil && !errors.Is(err, io.EOF) {
		b.Err = err
	}
	return n, err
}

// Drain reads the rest, so that the connection can be reused.
func (b *Body) Drain() { _, _ = io.Copy(io.Discard, b) }

// Kept returns the beginning of the body; nil if it is empty. The token is blanked before the text is
// truncated, so that no part of it is left.
func (b *Body) Kept() []byte {
	plain := b.token.begun(string(b.begun))
	if plain == "" {
		return nil
	}
	return []byte(plain[:min(len(plain), b.keep)])
}

var errNoBody = errors.New("a body where none belongs")

// Empty reads the body of a success without a body. Anything but white space is an error.
func Empty(body io.Reader) error {
	blank := make([]byte, 2<<10)
	for {
		n, err := body.Read(blank)
		switch {
		case len(bytes.TrimSpace(blank[:n])) > 0:
			return errNoBody
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// Cut truncates a text to at most that many bytes, at a character boundary.
func Cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return strings.Clone(text[:most])
}

// Size returns the number of bytes of the names and values of a header.
func Size(h http.Header) (bytes int) {
	for name, values := range h {
		for _, v := range values {
			bytes += len(name) + len(v)
		}
	}
	return bytes
}
