package soak

import (
	"bytes"
	"context"
	"net/http"
	"time"
)

// deliver hands a request to the server and notes what it did. It says false if there is
// no server.
func (run *run) deliver(q *request, r *http.Request) bool {
	run.mu.Lock()
	defer run.mu.Unlock()
	c := q.call.home
	if c.down {
		c.tell("%s finds no server", q)
		return false
	}
	if q.op < 0 {
		from := len(c.seen)
		if q.call.plan.do.aboutAll() {
			c.lookAll()
		} else {
			c.look(q.call.plan.op)
		}
		q.listed = c.seen[from:len(c.seen):len(c.seen)]
	}
	r = r.WithContext(context.Background()) // the server does not notice that a client has gone
	r.Body = http.NoBody
	rec := recorder{header: http.Header{}}
	c.desk.handler.ServeHTTP(&rec, r)
	q.served, q.answer = c.now(), answer{status: rec.status, body: rec.body.Bytes(), header: rec.header}
	if q.op >= 0 {
		if rec.status/100 == 2 {
			c.does(q.what, q.op, q.call)
		}
		q.life = c.look(q.op).life
	}
	return true
}

// deliverLater does so at an instant of the run, whatever has become of the client.
func (run *run) deliverLater(q *request, r *http.Request, at time.Duration) {
	run.late.Go(func() {
		_ = run.sleepUntil(context.Background(), at)
		run.deliver(q, r)
	})
}

// recorder is the answer of a server that has no socket.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}
