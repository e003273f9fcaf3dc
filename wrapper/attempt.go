package wrapper

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/answer"
	"github.com/sfcancel/sfcancel/internal/opdecode"
)

// class is what one attempt leaves us knowing. Only an ambiguous one is dangerous. The zero value is
// that, the one that promises nothing.
type class uint8

const (
	classAmbiguous class = iota
	classNotSent
	classRefused
	classDone
)

// String returns the name of the class in lower case.
func (c class) String() string {
	switch c {
	case classNotSent:
		return "not sent"
	case classRefused:
		return "refused"
	case classDone:
		return "done"
	default:
		return "ambiguous"
	}
}

// purpose is why an attempt was made.
type purpose string

const (
	purposeGraceful purpose = "graceful"
	purposeForce    purpose = "force"
	purposeProbe    purpose = "probe"
	purposeRead     purpose = "read"
	purposeStart    purpose = "start"
	purposeDo       purpose = "do"
)

// Attempt is one request of a call and what came of it.
type Attempt struct {
	// Number is that of the request within the call, from 1.
	Number int

	// RequestID is the id that the request carried as X-ServiceFabricRequestId. The gateway
	// writes it into its trace, so that a request without an answer can be found there.
	RequestID uuid.UUID

	// Endpoint is the gateway address that it went to, with a slash at the end.
	Endpoint string

	// Status is the HTTP status, 0 if none came.
	Status int
	// Header is that of the answer, as it came; nil if none came.
	Header http.Header
	// Code and Message are those of the FabricError in the body, if there was one.
	Code    Code
	Message string
	// Body is the beginning of a body that was not what the API promises, at most 2 KiB.
	Body []byte

	// Err is why there was no answer, or what was wrong with it. Nil if a server
	// answered in the API's own terms, even to say no.
	Err error

	// RetryAfter is how long the server asked to wait; 0 if it did not.
	RetryAfter time.Duration

	Start    time.Time
	Duration time.Duration

	purpose  purpose
	class    class
	hopeless bool // asking again would end the same way
	cut      bool // no complete answer came
	local    bool // it was ended on this side, and says nothing of the endpoint
}

// Purpose is why the request was made: "graceful" (Force=false, because it was asked for), "force"
// (Force=true), "probe" (Force=false, to learn what became of a force), "read" (a list or a progress, to
// learn the state), "start" (one of the four starts) or "do" (a [Client.Do]).
func (a Attempt) Purpose() string { return string(a.purpose) }

// Class is what the request leaves us knowing:
//
//	ambiguous  it may have reached the server, and no definite answer came: 408, 500, 502 to 504, a
//	           time-out, a reset, an answer that was cut off or is not one of this API. The server may
//	           or may not have acted. So is a request that is not over.
//	not sent   nothing reached a server, so nothing happened
//	refused    a server said no, and did nothing
//	done       a server said that it did what was asked
func (a Attempt) Class() string { return a.class.String() }

// refusedWith reports whether the server said no with this code.
func (a Attempt) refusedWith(code Code) bool {
	return a.class == classRefused && a.Code == code
}

// rule is what a status, and for some a code, leaves us knowing of a request that is
// not the success that was wanted.
type rule struct {
	from, to int // of the status
	code     Code
	class    class
	again    bool // asking again may help
	busy     bool // and the server says that it has too much to do
}

// answers is runtime §4 and what the official clients repeat (§8): the table in the
// package comment, row by row. The first row that fits counts.
//
// A 503 may come from a primary that stepped down while its write went on, and a 504 is
// ambiguous by its meaning; so is everything else that a server says of itself, unless it
// says that it cannot do this at all.
var answers = [...]rule{
	{from: 500, to: 500, code: codeFaultServiceNotInstalled, class: classRefused},
	{from: 501, to: 501, class: classRefused},
	{from: 505, to: 505, class: classRefused},
	{from: 408, to: 408, class: classAmbiguous, again: true},
	{from: 429, to: 429, class: classRefused, again: true, busy: true},
	{from: 303, to: 303, class: classAmbiguous, again: true}, // what came of it is elsewhere (RFC 9110 §15.4.4)
	{from: 460, to: 460, class: classAmbiguous, again: true}, // a proxy was left by who asked it (AWS load balancers)
	{from: 499, to: 499, class: classAmbiguous, again: true}, // the same (nginx)
	{from: 300, to: 499, class: classRefused},
	{from: 500, to: 599, code: codeServiceTooBusy, class: classAmbiguous, again: true, busy: true},
	{from: 500, to: 599, code: codeReplicationQueueFull, class: classAmbiguous, again: true, busy: true},
	{class: classAmbiguous, again: true, to: 999}, // 5xx, and a success that was not wanted
}

// classOf finds the row of an attempt that was answered.
func classOf(a Attempt) rule {
	for _, row := range answers {
		if row.from <= a.Status && a.Status <= row.to && (row.code == "" || row.code == a.Code) {
			return row
		}
	}
	return rule{class: classAmbiguous, again: true}
}

// retryable: everything but a definite no, and the no that only means "not now".
func retryable(a Attempt) bool {
	switch a.class {
	case classDone:
		return false
	case classNotSent:
		return !a.hopeless
	case classAmbiguous:
		return true
	default:
		return classOf(a).again
	}
}

// busy: the server has too much to do, and is left alone for longer.
func busy(a Attempt) bool { return a.Status >= http.StatusBadRequest && classOf(a).busy }

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
