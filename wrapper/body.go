package wrapper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/sfcancel/sfcancel/generated"
)

// The bounds of what is read and of what is kept of an answer. The largest honest one is a
// list of 10 000 operations, about 1.2 MB; a server may list so many of each kind.
const (
	maxHeader  = 64 << 10
	maxBody    = 16 << 20
	maxError   = 64 << 10 // of the body of a failure
	maxCode    = 256
	maxMessage = 4 << 10
	keptBody   = 2 << 10
)

var errNoBody = errors.New("a body where none belongs")

const byteOrderMark = "\ufeff" // as .NET writes it

// answerBody is the body of an answer, read within bounds and without a byte order mark. It
// keeps the beginning.
type answerBody struct {
	from  io.Reader
	left  int64 // that may still be read
	err   error // why it could not be read to its end
	begun []byte
	token string
	mid   bool // what is read is not the beginning any more
}

func newBody(r io.Reader, token string) *answerBody {
	return &answerBody{from: r, left: maxBody, token: token}
}

// Read reads, and keeps what went wrong.
func (b *answerBody) Read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), b.left+1)]
	n, err := b.from.Read(p)
	if !b.mid {
		for more := 0; n < len(byteOrderMark) && n < len(p) && err == nil; n += more {
			more, err = b.from.Read(p[n:])
		}
		n, b.mid = copy(p, bytes.TrimPrefix(p[:n], []byte(byteOrderMark))), true
	}
	if b.left -= int64(n); b.left < 0 {
		n, err = n-1, fmt.Errorf("longer than %d bytes", maxBody)
	}
	b.begun = append(b.begun, p[:min(n, keptBody+len(b.token)-len(b.begun))]...)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// drain reads the rest: only then is the connection free for the next request.
func (b *answerBody) drain() { _, _ = io.Copy(io.Discard, b) }

// kept is the beginning of the body. The token is blanked before anything is cut off: half a
// token is one, too.
func (b *answerBody) kept() []byte {
	plain := (&credential{used: b.token}).hide(string(b.begun))
	for n := min(len(b.token), len(plain)); n > 0; n-- {
		if strings.HasSuffix(plain, b.token[:n]) {
			plain = plain[:len(plain)-n] + blanked
			break
		}
	}
	if plain == "" {
		return nil
	}
	return []byte(plain[:min(len(plain), keptBody)])
}

// empty accepts the body of a success that has none.
func empty(body io.Reader, _ func(string) string) error {
	blank := make([]byte, keptBody)
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

// readError takes the FabricError out of the body of a failure. A body that is none
// is kept, and so is the status: neither is lost because the other is rubbish.
func (b *answerBody) readError(a *Attempt, shown func(string) string) error {
	body, err := io.ReadAll(io.LimitReader(b, maxError+1))
	var fabric generated.FabricError
	switch {
	case err != nil:
		return err
	case a.Status < http.StatusMultipleChoices:
		return fmt.Errorf("%w: an unexpected status", ErrBadAnswer)
	case len(body) == 0 && (a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden):
		// Failed authentication has no body (runtime §7).
		return errors.New("the credentials are missing or not accepted")
	case a.Status < http.StatusBadRequest:
		return fmt.Errorf("%w: a redirect, which is never followed", ErrBadAnswer)
	case len(body) == 0:
		return fmt.Errorf("%w: an empty body", ErrBadAnswer)
	case len(body) > maxError:
		return fmt.Errorf("%w: the body is longer than %d KiB: %.80q", ErrBadAnswer, maxError>>10, b.kept())
	case json.Unmarshal(body, &fabric) != nil:
		return fmt.Errorf("%w: the body is not JSON: %.80q", ErrBadAnswer, b.kept())
	case fabric.Error.Code == "":
		return fmt.Errorf("%w: the body has no error code: %.80q", ErrBadAnswer, b.kept())
	}
	a.Code = Code(cut(shown(string(fabric.Error.Code)), maxCode))
	a.Message = cut(shown(fabric.Error.Message), maxMessage)
	return nil
}

// cut shortens a text to a number of bytes.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return strings.Clone(text[:most])
}

func size(h http.Header) (bytes int) {
	for name, values := range h {
		for _, v := range values {
			bytes += len(name) + len(v)
		}
	}
	return bytes
}
