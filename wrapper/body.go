package wrapper

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/sfcancel/sfcancel/internal/answer"
	"github.com/sfcancel/sfcancel/internal/opdecode"
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

// readError takes the FabricError out of the body of a failure. A body that is none
// is kept, and so is the status: neither is lost because the other is rubbish.
func (a *Attempt) readError(b *answer.Body, shown func(string) string) error {
	body, err := io.ReadAll(io.LimitReader(b, maxError+1))
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
		return fmt.Errorf("%w: the body is longer than %d KiB: %.80q", ErrBadAnswer, maxError>>10, b.Kept())
	}
	code, message, err := opdecode.Failure(body)
	if err != nil {
		return fmt.Errorf("%w: %w: %.80q", ErrBadAnswer, err, b.Kept())
	}
	a.Code = Code(answer.Cut(shown(code), maxCode))
	a.Message = answer.Cut(shown(message), maxMessage)
	return nil
}
