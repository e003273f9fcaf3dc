package wrapper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/plain"
)

// What an [Error] can mean. Exactly one of the first eight is behind every Error;
// ErrBadAnswer may be there besides.
var (
	// ErrInvalidArgument: the call makes no sense as it stands. Nothing was sent.
	ErrInvalidArgument = errors.New("invalid argument")
	// ErrForceRefused: the policy of this client does not allow the force now, or the
	// ledger cannot be read or written. No force was sent. A [Refusal] behind the error
	// says what is missing.
	ErrForceRefused = errors.New("force refused by policy")
	// ErrNotSent: what was asked for never reached a server, so it did not happen.
	ErrNotSent = errors.New("not sent")
	// ErrServerRefused: a server said no, and did nothing.
	ErrServerRefused = errors.New("refused by the server")
	// ErrUnavailable: a read brought no usable answer. Reads change nothing.
	ErrUnavailable = errors.New("no usable answer")
	// ErrNotFound: a read found no operation with this id. Cancels say so with the
	// verdict [NotFound] instead.
	ErrNotFound = errors.New("no such operation")
	// ErrOutcomeUnknown: a request may have been carried out, and nothing that could
	// be asked in the time given told whether it was.
	ErrOutcomeUnknown = errors.New("outcome unknown")

	// ErrNotFinished: a [Client.Wait], a [Client.Watch] or a [Client.Stop] ended before the
	// operation did. State is how it was seen last. The graceful cancel of a Stop is in
	// effect, and its force too if Force says so.
	ErrNotFinished = errors.New("not finished")

	// ErrBadAnswer: an answer was not one of this API: no FabricError, a body where
	// none belongs, a document cut short.
	ErrBadAnswer = errors.New("not an answer of this API")
)

var meanings = [...]error{
	ErrInvalidArgument, ErrForceRefused, ErrNotSent, ErrServerRefused, ErrUnavailable, ErrNotFound, ErrOutcomeUnknown, ErrNotFinished,
}

// Error is every error that a [Client] returns. It is immutable.
//
// Decide with [errors.Is] on the sentinels above or on a [Code]; find the details
// with [errors.As]. Context errors are behind it too when the context ended the call.
type Error struct {
	call     string
	id       uuid.UUID
	force    bool
	kind     error
	cause    error
	state    State
	attempts []Attempt
	sent     int // requests, of which attempts may leave out looks

	ledgerErr error
}

// Error says what was tried, what it means, and what the server said last.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.call)
	if e.id != (uuid.UUID{}) {
		b.WriteString(" ")
		b.WriteString(e.id.String())
	}
	b.WriteString(": ")
	b.WriteString(e.kind.Error())
	if last, ok := e.telling(); ok {
		if last.Status != 0 {
			fmt.Fprintf(&b, ": %d", last.Status)
		}
		if last.Code != "" {
			fmt.Fprintf(&b, " %s", last.Code.short())
		}
		if last.Message != "" {
			fmt.Fprintf(&b, " %.200q", last.Message)
		}
		if last.Err != nil {
			fmt.Fprintf(&b, ": %v", last.Err)
		}
	}
	if last, _ := e.telling(); e.cause != nil && (last.Err == nil || last.Err.Error() != e.cause.Error()) {
		fmt.Fprintf(&b, ": %v", e.cause)
	}
	if e.state != "" {
		fmt.Fprintf(&b, "; last seen %s", plain.Line(string(e.state)))
	}
	if e.ledgerErr != nil {
		fmt.Fprintf(&b, "; not noted in the ledger: %v", e.ledgerErr)
	}
	switch n := max(e.sent, len(e.attempts)); n {
	case 0:
		b.WriteString("; no request was sent")
	case 1:
		b.WriteString("; 1 request")
	default:
		fmt.Fprintf(&b, "; %d requests", n)
	}
	return plain.Text(b.String()) // a transport, a store or middleware may repeat what it read
}

// Unwrap gives what [errors.Is] and [errors.As] look at: the meaning, the code and
// the failure of the last telling attempt, the cause, and what the ledger said.
func (e *Error) Unwrap() []error {
	errs := []error{e.kind}
	if last, ok := e.telling(); ok {
		if last.Code != "" {
			errs = append(errs, last.Code)
		}
		if last.Err != nil {
			errs = append(errs, last.Err)
		}
	}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	if e.ledgerErr != nil {
		errs = append(errs, e.ledgerErr)
	}
	return errs
}

// telling is the attempt that says why there is an error: the refusal behind a
// refusal, else the last that is no success, and rather one that was not just cut
// short by the caller's own context. What a later success made good says nothing, unless
// it is what the server refused or what nobody knows the outcome of.
func (e *Error) telling() (told Attempt, ok bool) {
	past := errors.Is(e.kind, ErrServerRefused) || errors.Is(e.kind, ErrOutcomeUnknown)
	for _, a := range slices.Backward(e.attempts) {
		switch {
		case a.Class == Done && !past:
			return told, ok
		case a.Class == Done, errors.Is(e.kind, ErrServerRefused) && a.Class != Refused:
		case !isContextError(a.Err):
			return a, true
		case !ok:
			told, ok = a, true
		}
	}
	return told, ok
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errLookOver)
}

// OperationID is the operation that the call was about; all zeros if it was about none.
func (e *Error) OperationID() uuid.UUID { return e.id }

// Force reports whether the call was a ForceCancel, or a Stop that has forced or may have.
func (e *Error) Force() bool { return e.force }

// Code is the code of the last FabricError, "" if none came.
func (e *Error) Code() Code {
	last, _ := e.telling()
	return last.Code
}

// Status is the HTTP status of the last answer that was not a success, 0 if none came.
func (e *Error) Status() int {
	last, _ := e.telling()
	return last.Status
}

// Body is the beginning of the last answer's body if it was not what the API
// promises, at most 2 KiB; nil otherwise.
func (e *Error) Body() []byte {
	last, _ := e.telling()
	return slices.Clone(last.Body)
}

// RetryAfter is how long the server asked to wait with the last answer; 0 if it did not.
func (e *Error) RetryAfter() time.Duration {
	last, _ := e.telling()
	return last.RetryAfter
}

// State is the last state of the operation that the call saw; "" if it saw none.
func (e *Error) State() State { return e.state }

// LedgerErr is why the ledger could not note what the call did; nil if it could.
func (e *Error) LedgerErr() error { return e.ledgerErr }

// Attempts are all requests of the call, in order, but for the looks of one that waits, of
// which only the last is there.
func (e *Error) Attempts() []Attempt { return slices.Clone(e.attempts) }
