package wrapper

import (
	"net/http"
	"time"

	"github.com/google/uuid"
)

// Class is what one attempt leaves us knowing. Only an ambiguous one is dangerous.
type Class int

// The classes. The zero value is ambiguous, the one that promises nothing.
const (
	// Ambiguous: the request may have reached the server, and no definite answer
	// came: 408, 500, 502 to 504, a time-out, a reset, an answer that was cut off or is not
	// one of ours. The server may or may not have acted.
	Ambiguous Class = iota
	// NotSent: nothing reached a server, so nothing happened.
	NotSent
	// Refused: a server said no, and did nothing.
	Refused
	// Done: a server said that it did what was asked.
	Done
)

// String returns the name of the class in lower case.
func (c Class) String() string {
	switch c {
	case NotSent:
		return "not sent"
	case Refused:
		return "refused"
	case Done:
		return "done"
	default:
		return "ambiguous"
	}
}

// Purpose is why an attempt was made.
type Purpose string

// The purposes.
const (
	PurposeGraceful Purpose = "graceful" // Force=false, because it was asked for
	PurposeForce    Purpose = "force"    // Force=true
	PurposeProbe    Purpose = "probe"    // Force=false, to learn what became of a force
	PurposeRead     Purpose = "read"     // a list, to learn the state
	PurposeStart    Purpose = "start"    // one of the four starts
)

// Attempt is one request of a call and what came of it.
type Attempt struct {
	Purpose Purpose
	Class   Class

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

	hopeless bool // asking again would end the same way
	cut      bool // no complete answer came
	local    bool // it was ended on this side, and says nothing of the endpoint
}

// refusedWith reports whether the server said no with this code.
func (a Attempt) refusedWith(code Code) bool {
	return a.Class == Refused && a.Code == code
}

// rule is what a status, and for some a code, leaves us knowing of a request that is
// not the success that was wanted.
type rule struct {
	from, to int // of the status
	code     Code
	class    Class
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
	{from: 500, to: 500, code: codeFaultServiceNotInstalled, class: Refused},
	{from: 501, to: 501, class: Refused},
	{from: 505, to: 505, class: Refused},
	{from: 408, to: 408, class: Ambiguous, again: true},
	{from: 429, to: 429, class: Refused, again: true, busy: true},
	{from: 303, to: 303, class: Ambiguous, again: true}, // what came of it is elsewhere (RFC 9110 §15.4.4)
	{from: 460, to: 460, class: Ambiguous, again: true}, // a proxy was left by who asked it (AWS load balancers)
	{from: 499, to: 499, class: Ambiguous, again: true}, // the same (nginx)
	{from: 300, to: 499, class: Refused},
	{from: 500, to: 599, code: CodeServiceTooBusy, class: Ambiguous, again: true, busy: true},
	{from: 500, to: 599, code: codeReplicationQueueFull, class: Ambiguous, again: true, busy: true},
	{class: Ambiguous, again: true, to: 999}, // 5xx, and a success that was not wanted
}

// classOf finds the row of an attempt that was answered.
func classOf(a Attempt) rule {
	for _, row := range answers {
		if row.from <= a.Status && a.Status <= row.to && (row.code == "" || row.code == a.Code) {
			return row
		}
	}
	return rule{class: Ambiguous, again: true}
}

// retryable: everything but a definite no, and the no that only means "not now".
func retryable(a Attempt) bool {
	switch a.Class {
	case Done:
		return false
	case NotSent:
		return !a.hopeless
	case Ambiguous:
		return true
	default:
		return classOf(a).again
	}
}

// busy: the server has too much to do, and is left alone for longer.
func busy(a Attempt) bool { return a.Status >= http.StatusBadRequest && classOf(a).busy }
