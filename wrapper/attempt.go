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
