package sftest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"runtime/debug"
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
		hold(r)
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

// hold reads the body of a request that is to be spoiled, as far as the server would. A
// fault may outlive the connection; and net/http sees a caller go only after the body.
func hold(r *http.Request) {
	const most = 4<<20 + 1 // one byte more than the server takes
	body, err := io.ReadAll(io.LimitReader(r.Body, most))
	var rest io.Reader = http.NoBody
	if err != nil {
		rest = failing{err}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), r.Body}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
