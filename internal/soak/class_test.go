package soak

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// class is what a client can know of a request, in the words of a [wrapper.Attempt].
type class string

const (
	classAmbiguous class = "ambiguous"
	classNotSent   class = "not sent"
	classRefused   class = "refused"
	classDone      class = "done"
)

// class is what the client can know of a request, by what it got. It is not the class
// that the wrapper gives it: the two have to come to the same by themselves.
func (q *request) class() class {
	if q.got.status == 0 {
		if q.dialled && !q.connected {
			return classNotSent
		}
		return classAmbiguous
	}
	wanted := http.StatusOK
	if q.what == start {
		wanted = http.StatusAccepted
	}
	switch s := q.got.status; {
	case q.gotError != nil:
		return classAmbiguous
	case s == wanted && q.what == list && json.Valid(q.got.body):
		return classDone
	case s == wanted && q.what != list && len(q.got.body) == 0:
		return classDone
	case s < 300, s == http.StatusRequestTimeout, s >= 500:
		return classAmbiguous
	}
	return classRefused
}

// changes says that the request asks for more than to be told.
func (q *request) changes() bool { return q.what != list }

// lost says that nobody can know whether the request was, or will be, carried out.
func (q *request) lost() bool { return q.changes() && q.class() == classAmbiguous }

// refusedWith says that the client was told no, with this code.
func (q *request) refusedWith(code wrapper.Code) bool {
	return q.class() == classRefused && bytes.Contains(q.got.body, []byte(`"`+string(code)+`"`))
}

// shows is how a list that the client got shows an operation; false if it got none, or one
// that need not show it.
func (q *request) shows(op int) (sight, bool) {
	if q.what != list || q.class() != classDone {
		return sight{}, false
	}
	for _, s := range q.listed {
		if s.op == op {
			return s, !q.some || s.found && !s.over
		}
	}
	return sight{}, false
}

// retryAfter is how long the server asked to wait.
func (q *request) retryAfter() time.Duration {
	seconds, _ := strconv.Atoi(strings.TrimSpace(q.got.header.Get("Retry-After")))
	return time.Duration(seconds) * time.Second
}
