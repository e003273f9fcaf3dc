package sftest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/wirefault"
)

// Request is a request that arrived at the [Cluster], with its fault and its statuses. It
// prints as one line.
type Request struct {
	Call  Call      // the operationId; "" if the path is not in the document
	ID    uuid.UUID // the parameter OperationId, zero if it is missing or invalid
	Force bool      // the parameter Force of a CancelOperation

	Method string
	Target string // path and query, as sent
	Header http.Header
	Time   time.Time // of the arrival, by the clock of the engine

	// Fault is the fault of the script, such as "DropAfter"; "" for none.
	Fault string
	// Server is the status of the server's answer, whether or not the client got
	// it; 0 while the server has not answered.
	Server int
	// Status is the status that was sent to the client; 0 for none.
	Status int
}

// String describes the request in one line.
func (r Request) String() string {
	s := cmp.Or(string(r.Call), r.Method+" "+r.Target)
	if r.Call == CancelOperation {
		s += fmt.Sprintf(" Force=%t", r.Force)
	}
	if r.ID != (uuid.UUID{}) {
		s += " " + r.ID.String()
	}
	if r.Fault == "" {
		return fmt.Sprintf("%s: %d", s, r.Status)
	}
	server, status := "has not seen it", "no answer"
	if r.Server != 0 {
		server = fmt.Sprintf("said %d", r.Server)
	}
	if r.Status != 0 {
		status = fmt.Sprintf("answer %d", r.Status)
	}
	return fmt.Sprintf("%s: %s, the server %s, %s", s, r.Fault, server, status)
}

// Requests returns all requests that have arrived, in the order of their arrival, including those with
// a fault. An entry is complete once the client has the answer.
func (c *Cluster) Requests() []Request { return c.journal.all() }

// arrived makes the entry of a request. The query is read as by the server: not decoded,
// and the first pair of a name counts.
func arrived(r *http.Request, now time.Time) *Request {
	q := &Request{
		Call:   callAt(r.Method, r.URL.EscapedPath()),
		Method: r.Method,
		Target: r.URL.RequestURI(),
		Header: r.Header.Clone(),
		Time:   now,
	}
	if id, err := uuid.Parse(parameter(r.URL.RawQuery, "OperationId")); err == nil {
		q.ID = id
	}
	q.Force = q.Call == CancelOperation && strings.EqualFold(parameter(r.URL.RawQuery, "Force"), "true")
	return q
}

func parameter(query, name string) string {
	for pair := range strings.SplitSeq(query, "&") {
		if n, value, _ := strings.Cut(pair, "="); n == name && value != "" {
			return value
		}
	}
	return ""
}

// journal records the requests.
type journal struct {
	mu       sync.Mutex
	requests []*Request
}

func (j *journal) add(q *Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests = append(j.requests, q)
}

// edit changes the entry of a request.
func (j *journal) edit(q *Request, change func(q *Request)) {
	if q == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	change(q)
}

func (j *journal) all() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := make([]Request, len(j.requests))
	for i, q := range j.requests {
		all[i] = *q
		all[i].Header = q.Header.Clone()
	}
	return all
}

type requestKey struct{}

// requestOf returns the entry of the request with this context; nil if a fault made the request
// itself.
func requestOf(ctx context.Context) *Request {
	q, _ := ctx.Value(requestKey{}).(*Request)
	return q
}

// summary lists the first requests for a message.
func (j *journal) summary() string {
	const most = 10
	all := j.all()
	if len(all) == 0 {
		return "No request arrived."
	}
	var b strings.Builder
	b.WriteString("What arrived:")
	for i, q := range all[:min(len(all), most)] {
		fmt.Fprintf(&b, "\n\t%d. %s", i+1, q)
	}
	if more := len(all) - most; more > 0 {
		fmt.Fprintf(&b, "\n\tand %d more", more)
	}
	return b.String()
}

// receive serves a request from the network.
func (c *Cluster) receive(rw http.ResponseWriter, r *http.Request) {
	q := arrived(r, c.now())
	c.journal.add(q)
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			panic(v)
		default:
			c.tb.Errorf("sftest: panic while answering %s: %v\n%s", q, v, debug.Stack())
			panic(http.ErrAbortHandler)
		}
	}()
	out := &statusWriter{ResponseWriter: rw, report: func(status int) {
		c.journal.edit(q, func(q *Request) { q.Status = status })
	}}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
	handler := c.server
	if s := c.wire.Next(r); s != nil {
		wirefault.Hold(r)
		handler = s.Through(handler)
	}
	handler.ServeHTTP(out, r)
	out.end()
}

// hear records the status of the server's answers.
func (c *Cluster) hear(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		q := requestOf(r.Context())
		in := &statusWriter{ResponseWriter: rw, report: func(status int) {
			c.journal.edit(q, func(q *Request) { q.Server = status })
		}}
		handler.ServeHTTP(in, r)
		in.end()
	})
}

// statusWriter is a ResponseWriter that reports the status before it sends it, so that the entry is
// complete before the client has the answer.
type statusWriter struct {
	http.ResponseWriter
	report func(status int)
	done   bool
}

func (n *statusWriter) WriteHeader(status int) {
	if !n.done && status >= http.StatusOK {
		n.done = true
		n.report(status)
	}
	n.ResponseWriter.WriteHeader(status)
}

func (n *statusWriter) Write(b []byte) (int, error) {
	n.end()
	return n.ResponseWriter.Write(b)
}

// FlushError is called by [http.ResponseController].
func (n *statusWriter) FlushError() error {
	n.end()
	return http.NewResponseController(n.ResponseWriter).Flush()
}

// Unwrap gives [http.ResponseController] access to the other methods.
func (n *statusWriter) Unwrap() http.ResponseWriter { return n.ResponseWriter }

// end reports 200 if no status was written, as net/http sends it.
func (n *statusWriter) end() {
	if !n.done {
		n.done = true
		n.report(http.StatusOK)
	}
}
