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

// The meanings of an [Error]. Every Error wraps exactly one of the first seven, and may wrap
// ErrBadAnswer as well.
var (
	// ErrInvalidArgument: the arguments are invalid. No request was sent.
	ErrInvalidArgument = errors.New("invalid argument")
	// ErrForceRefused: the policy does not allow the force now, or the ledger cannot be read
	// or written. No force was sent. The error wraps a [Refusal] that says what is missing.
	ErrForceRefused = errors.New("force refused by policy")
	// ErrNotSent: the request never reached a server, so it had no effect.
	ErrNotSent = errors.New("not sent")
	// ErrServerRefused: a server refused the request, so it had no effect.
	ErrServerRefused = errors.New("refused by the server")
	// ErrUnavailable: a read got no usable answer. Reads change nothing.
	ErrUnavailable = errors.New("no usable answer")
	// ErrOutcomeUnknown: a request may have been carried out, and the call could not find
	// out whether it was.
	ErrOutcomeUnknown = errors.New("outcome unknown")

	// ErrNotFinished: a [Client.Wait], a [Client.Watch] or a [Client.Stop] ended before the
	// operation did. [Error.State] is the state seen last. The graceful cancel of a Stop is in
	// effect, and its force as well if [Error.Force] reports true.
	ErrNotFinished = errors.New("not finished")

	// ErrBadAnswer: an answer does not belong to this API: a failure that is not a FabricError, an
	// unexpected body, a truncated document.
	ErrBadAnswer = errors.New("not an answer of this API")
)

var meanings = [...]error{
	ErrInvalidArgument, ErrForceRefused, ErrNotSent, ErrServerRefused, ErrUnavailable, ErrOutcomeUnknown, ErrNotFinished,
}

// Error is the type of every error that a [Client] returns. It is immutable.
//
// Decide with [errors.Is] on the sentinels above or on a [Code]; get the details
// with [errors.As]. It wraps the error of the caller's context if that ended the call.
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

// Error describes the call, the meaning of the error, and the last telling answer.
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

// Unwrap returns the meaning, the code and the failure of the last telling attempt, the cause, and the
// error of the ledger, for [errors.Is] and [errors.As].
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

// telling returns the attempt that explains the error: the refusal of ErrServerRefused, otherwise the
// last attempt that failed, preferably for another reason than the caller's context. A failure before
// a success does not count, except for ErrServerRefused and ErrOutcomeUnknown.
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

// OperationID returns the operation of the call; all zeros if it had none.
func (e *Error) OperationID() uuid.UUID { return e.id }

// Force reports whether the call was a ForceCancel, or a Stop that has forced or may have.
func (e *Error) Force() bool { return e.force }

// Code returns the code of the last FabricError; "" if there was none.
func (e *Error) Code() Code { return e.telling().Code }

// Status returns the HTTP status of the last answer that was not a success; 0 if there was none.
func (e *Error) Status() int { return e.telling().Status }

// Body returns the first 2 KiB of the body of the last answer if that does not belong to the API; nil
// otherwise.
func (e *Error) Body() []byte { return slices.Clone(e.telling().Body) }

// RetryAfter returns the Retry-After of the last answer; 0 if it had none.
func (e *Error) RetryAfter() time.Duration { return e.telling().RetryAfter }

// RequestID returns the id of the last ambiguous request, by which the gateway's trace can be
// searched; all zeros if there was none.
func (e *Error) RequestID() uuid.UUID {
	for i := len(e.attempts) - 1; i >= 0; i-- {
		if e.attempts[i].class == classAmbiguous {
			return e.attempts[i].RequestID
		}
	}
	return uuid.UUID{}
}

// State returns the last state of the operation that the call saw; "" if it saw none.
func (e *Error) State() State { return e.state }

// LedgerErr returns why the ledger could not record the call; nil if it could.
func (e *Error) LedgerErr() error { return e.ledgerErr }

// Attempts returns the requests of the call in order. A call that waits keeps only its last poll.
func (e *Error) Attempts() []Attempt { return slices.Clone(e.attempts) }

// Code is the code of a FabricError. A server may send any text. Code is an error, so that
// [errors.Is] can look for it; package generated has the known codes as constants:
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

// short returns the code for a message: on one line, and no longer than any known code.
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

// foreign wraps an error that our Error wraps, and hides from errors.Is and errors.As what it would
// wrongly say about the call. It hides the meanings of this package, because the cause of a context may be the
// Error of another call, and an error of middleware is about one request. It hides context errors, because
// the timeout of a dial, a ledger or an HTTP client is not the end of the caller's context.
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

// asForeign wraps an error if it would say something about the call. A context error did not end the call
// unless ctx, the caller's, has ended with the same error.
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
