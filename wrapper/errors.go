package wrapper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/plain"
)

// What an [Error] can mean. Exactly one of the first seven is behind every Error;
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
	ErrInvalidArgument, ErrForceRefused, ErrNotSent, ErrServerRefused, ErrUnavailable, ErrOutcomeUnknown, ErrNotFinished,
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
	s, last := e.call, e.telling()
	if e.id != (uuid.UUID{}) {
		s += " " + e.id.String()
	}
	s += ": " + e.kind.Error()
	if last.Status != 0 {
		s += fmt.Sprintf(": %d", last.Status)
	}
	if last.Code != "" {
		s += " " + last.Code.short()
	}
	if last.Message != "" {
		s += fmt.Sprintf(" %.200q", last.Message)
	}
	if last.Err != nil {
		s += fmt.Sprintf(": %v", last.Err)
	}
	if e.cause != nil && (last.Err == nil || last.Err.Error() != e.cause.Error()) {
		s += fmt.Sprintf(": %v", e.cause)
	}
	if e.state != "" {
		s += "; last seen " + plain.Line(string(e.state))
	}
	if e.ledgerErr != nil {
		s += fmt.Sprintf("; not noted in the ledger: %v", e.ledgerErr)
	}
	switch n := max(e.sent, len(e.attempts)); n {
	case 0:
		s += "; no request was sent"
	case 1:
		s += "; 1 request"
	default:
		s += fmt.Sprintf("; %d requests", n)
	}
	return plain.Text(s) // a transport, a store or middleware may repeat what it read
}

// Unwrap gives what [errors.Is] and [errors.As] look at: the meaning, the code and
// the failure of the last telling attempt, the cause, and what the ledger said.
func (e *Error) Unwrap() []error {
	errs, last := []error{e.kind}, e.telling()
	if last.Code != "" {
		errs = append(errs, last.Code)
	}
	for _, err := range []error{last.Err, e.cause, e.ledgerErr} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// telling is the attempt that says why there is an error: the refusal behind a
// refusal, else the last that is no success, and rather one that was not just cut
// short by the caller's own context. What a later success made good says nothing, unless
// it is what the server refused or what nobody knows the outcome of.
func (e *Error) telling() (told Attempt) {
	past, ok := errors.Is(e.kind, ErrServerRefused) || errors.Is(e.kind, ErrOutcomeUnknown), false
	for _, a := range slices.Backward(e.attempts) {
		switch {
		case a.class == classDone && !past:
			return told
		case a.class == classDone, errors.Is(e.kind, ErrServerRefused) && a.class != classRefused:
		case !isContextError(a.Err):
			return a
		case !ok:
			told, ok = a, true
		}
	}
	return told
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errLookOver)
}

// OperationID is the operation that the call was about; all zeros if it was about none.
func (e *Error) OperationID() uuid.UUID { return e.id }

// Force reports whether the call was a ForceCancel, or a Stop that has forced or may have.
func (e *Error) Force() bool { return e.force }

// Code is the code of the last FabricError, "" if none came.
func (e *Error) Code() Code { return e.telling().Code }

// Status is the HTTP status of the last answer that was not a success, 0 if none came.
func (e *Error) Status() int { return e.telling().Status }

// Body is the beginning of the last answer's body if it was not what the API
// promises, at most 2 KiB; nil otherwise.
func (e *Error) Body() []byte { return slices.Clone(e.telling().Body) }

// RetryAfter is how long the server asked to wait with the last answer; 0 if it did not.
func (e *Error) RetryAfter() time.Duration { return e.telling().RetryAfter }

// RequestID is the id of the last request of which nobody knows whether it was carried out,
// as the gateway's trace has it; all zeros if there was none.
func (e *Error) RequestID() uuid.UUID {
	for i := len(e.attempts) - 1; i >= 0; i-- {
		if e.attempts[i].class == classAmbiguous {
			return e.attempts[i].RequestID
		}
	}
	return uuid.UUID{}
}

// State is the last state of the operation that the call saw; "" if it saw none.
func (e *Error) State() State { return e.state }

// LedgerErr is why the ledger could not note what the call did; nil if it could.
func (e *Error) LedgerErr() error { return e.ledgerErr }

// Attempts are all requests of the call, in order, but for the looks of one that waits, of
// which only the last is there.
func (e *Error) Attempts() []Attempt { return slices.Clone(e.attempts) }

// Code is the code of a FabricError. The list is open: a server may send any text.
// It is an error itself, so that a code can be looked for directly; those that are known are
// constants of package generated:
//
//	errors.Is(err, wrapper.Code(generated.ErrorCodeKeyNotFound))
type Code string

// The codes that decide something here (runtime §4.2).
const (
	codeInvalidTestCommandState      = Code(generated.ErrorCodeInvalidTestCommandState)
	codeKeyNotFound                  = Code(generated.ErrorCodeKeyNotFound)
	codeTestCommandOperationIDExists = Code(generated.ErrorCodeTestCommandOperationIDAlreadyExists)
	codeNodeTransitionInProgress     = Code(generated.ErrorCodeNodeTransitionInProgress)
	codeServiceTooBusy               = Code(generated.ErrorCodeServiceTooBusy)
	codeReplicationQueueFull         = Code("FABRIC_E_REPLICATION_QUEUE_FULL")
	codeFaultServiceNotInstalled     = Code("FMFailoverUnitNotFound")
)

// Error returns the code as it came.
func (c Code) Error() string { return string(c) }

// short is the code for a message: on one line, and no longer than any real one.
func (c Code) short() string {
	const longest = 100
	plain := func(r rune) bool { return r > ' ' && r < 0x7f }
	if len(c) <= longest && !strings.ContainsFunc(string(c), func(r rune) bool { return !plain(r) }) {
		return string(c)
	}
	return fmt.Sprintf("%.*q", longest, string(c))
}

// CodeOf returns the code of the last FabricError behind err, or "" if there is none.
func CodeOf(err error) Code {
	if e, ok := asError(err); ok {
		return e.Code()
	}
	return ""
}

// asError finds an *Error. Where there is no error it allocates nothing.
func asError(err error) (*Error, bool) {
	if err == nil {
		return nil, false
	}
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// foreign keeps out of an error that only lies behind one of ours what it would claim of the
// call. The meanings of this package are that: the cause of a context may be the error of
// another call, and what middleware vouches for is true of one request. The errors of contexts
// are too: a time-out of a dial, of a ledger or of an HTTP client is none of the caller's
// context. All else of it can still be found.
type foreign struct {
	error
	hides []error
}

func (f foreign) Is(target error) bool {
	return !slices.Contains(f.hides, target) && errors.Is(f.error, target)
}

func (f foreign) As(target any) bool {
	_, ours := target.(**Error)
	return !ours && errors.As(f.error, target)
}

// asForeign wraps an error if it claims something of the call. The error of a context is none
// that ended the call unless ctx, the caller's, has ended with the same.
func asForeign(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	hides := meanings[:]
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if !errors.Is(ctx.Err(), ended) {
			hides = append(slices.Clip(hides), ended)
		}
	}
	if slices.ContainsFunc(hides, func(m error) bool { return errors.Is(err, m) }) {
		return foreign{err, hides}
	}
	return err
}
