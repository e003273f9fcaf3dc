package sftest

import (
	"context"
	"net/http"
	"runtime/debug"

	"github.com/sfcancel/sfcancel/internal/wirefault"
)

// receive takes a request off the wire.
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
	out := &noting{ResponseWriter: rw, note: func(status int) {
		c.journal.note(q, func(q *Request) { q.Status = status })
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

// hear notes what the server says.
func (c *Cluster) hear(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		q := requestOf(r.Context())
		in := &noting{ResponseWriter: rw, note: func(status int) {
			c.journal.note(q, func(q *Request) { q.Server = status })
		}}
		handler.ServeHTTP(in, r)
		in.end()
	})
}
