package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/wrapper"
)

// request is one request of a call, as the wire saw it.
type request struct {
	call    *call
	n       int       // among those of the call
	id      uuid.UUID // all zeros if it has none
	what    what
	op      int // -1 for a list
	gate    int
	fate    fate
	sent    time.Duration
	wrong   string // about it, "" for nothing
	vouched bool   // the ledger had been read, and knew that a force would be sent
	some    bool   // a list of some of the operations: those that are active, or of one kind

	dialled, connected, reused bool

	served   time.Duration // when the server answered, 0 if it never heard of it
	life     int           // of the id then
	answer   answer        // of the server
	listed   []sight       // by the answer to a list
	got      answer        // by the client; without a status if there was none
	gotAt    time.Duration
	gotError error // nil for a whole answer
}

type answer struct {
	status int
	body   []byte
	header http.Header
}

// wire is the transport of one client.
type wire struct {
	run    *run
	client int
	idle   map[int][]time.Duration // since when the idle connections to each gateway are; see [closing]
}

func newWire(run *run, client int) *wire { return &wire{run: run, client: client} }

type callKey struct{}

var (
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	errReset   = &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
)

// RoundTrip implements [http.RoundTripper].
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	run, ctx := w.run, r.Context()
	q := w.depart(r)
	base := q.sent.Truncate(tick)
	q.got, q.gotError = w.exchange(ctx, r, q, base)
	q.gotAt = run.now()
	run.mu.Lock()
	w.release(q, r)
	run.mu.Unlock()
	if q.got.status == 0 {
		return nil, q.gotError
	}
	body := io.Reader(bytes.NewReader(q.got.body))
	if q.gotError != nil {
		body = io.MultiReader(bytes.NewReader(q.got.body[:len(q.got.body)/2]), iotest.ErrReader(q.gotError))
	}
	return &http.Response{
		Status: http.StatusText(q.got.status), StatusCode: q.got.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: q.got.header, Body: io.NopCloser(body), ContentLength: -1, Request: r,
	}, nil
}

// depart notes a request that leaves the client.
func (w *wire) depart(r *http.Request) *request {
	run := w.run
	run.mu.Lock()
	defer run.mu.Unlock()
	q := &request{call: r.Context().Value(callKey{}).(*call), op: -1, sent: run.now(), gate: int(r.URL.Host[2] - '0')}
	q.what, q.op, q.wrong = run.read(r, q.call)
	q.n = len(q.call.requests)
	q.id, _ = uuid.Parse(r.Header.Get("X-ServiceFabricRequestId"))
	q.some = r.URL.Path == "/Faults/" && strings.Count(r.URL.RawQuery, "Filter=65535") < 2
	q.vouched = q.call.ledger.read && q.call.ledger.forces
	q.call.requests = append(q.call.requests, q)
	key := []uint64{5, uint64(q.call.n), uint64(q.op + 1), uint64(q.call.count(q.op))}
	q.fate = run.plan.fate(q, newDice(run.seed, key...))
	if len(run.plan.parts) > 0 {
		key[0] = 11
		q.fate = run.plan.roughened(q.fate, q, newDice(run.seed, key...))
	}
	gate := q.call.home.gates[q.gate%gateways]
	q.fate = gate.through(q.fate)
	if q.call.home.down {
		q.fate = serverDown.through(q.fate)
	} else if gate == gateWell {
		var closed bool
		if q.reused, closed = w.connect(q.gate, q.what == list); closed {
			q.fate.fault = onClosed
		}
	}
	return q
}

// read tells what a request of a call asks for, of which operation.
func (run *run) read(r *http.Request, k *call) (w what, op int, wrong string) {
	if r.Method == http.MethodGet { // a list, or the progress of the one operation that is looked for
		return list, -1, ""
	}
	query := r.URL.Query()
	id, err := uuid.Parse(query.Get("OperationId"))
	if own := &run.plan.operations[max(k.plan.op, 0)].id; k.plan.ownID && *own == (uuid.UUID{}) {
		*own = id // which the call has made
	}
	if op = run.plan.number(id); err != nil || op < 0 {
		wrong = "it names no operation of this run"
	}
	switch {
	case !strings.HasSuffix(r.URL.Path, "/$/Cancel"):
		return start, op, wrong
	case query.Get("Force") == "true":
		return force, op, wrong
	default:
		return graceful, op, wrong
	}
}

// exchange plays the fate of a request, which left at base.
func (w *wire) exchange(ctx context.Context, r *http.Request, q *request, base time.Duration) (answer, error) {
	run, f := w.run, q.fate
	trace := httptrace.ContextClientTrace(ctx)
	connected := func(ok bool) {
		q.dialled, q.connected = true, ok
		if trace != nil && trace.GetConn != nil {
			trace.GetConn(r.URL.Host)
		}
		if ok && trace != nil && trace.GotConn != nil {
			trace.GotConn(httptrace.GotConnInfo{Reused: q.reused, WasIdle: q.reused})
		}
	}
	if err := ctx.Err(); err != nil {
		return answer{}, err // net/http does not ask for a connection then either
	}
	arrives, returns := base+f.out, base+f.out+f.back
	switch f.fault.loss {
	case refusedDial:
		connected(false)
		if err := run.sleepUntil(ctx, base+f.out); err != nil {
			return answer{}, err
		}
		return answer{}, errRefused
	case hangingDial:
		connected(false)
		<-ctx.Done()
		return answer{}, ctx.Err()
	default:
	}
	connected(true)
	err := run.sleepUntil(ctx, arrives)
	switch {
	case f.fault.apply == inTime && err != nil:
		run.deliverLater(q, r, arrives) // the client gave up, and the request is on its way
	case f.fault.apply == inTime:
		if !run.deliver(q, r) {
			return answer{}, errReset
		}
		if f.again > 0 {
			again := arrives + f.again
			returns = again + f.back
			if err = run.sleepUntil(ctx, again); err != nil {
				run.deliverLater(q, r, again)
			} else if !run.deliver(q, r) {
				return answer{}, errReset
			}
		}
	case f.fault.apply == late:
		defer func() { run.deliverLater(q, r, run.now().Truncate(tick)+f.late) }()
	}
	if err != nil {
		return answer{}, err
	}
	if f.fault.loss == hang {
		<-ctx.Done()
		return answer{}, ctx.Err()
	}
	if err := run.sleepUntil(ctx, returns); err != nil {
		return answer{}, err
	}
	return f.fault.answer(q.answer)
}

// answer is what is left of the server's.
func (f fault) answer(whole answer) (answer, error) {
	switch {
	case f.loss == reset:
		return answer{}, errReset
	case f.loss == cut:
		return whole, io.ErrUnexpectedEOF
	case f.status == 0:
		return whole, nil
	}
	made := answer{status: f.status, body: []byte(f.body), header: http.Header{}}
	if f.wait != "" {
		made.header.Set("Retry-After", f.wait)
	}
	return made, nil
}

// sleepUntil waits for an instant of the run, or for the end of a context.
func (run *run) sleepUntil(ctx context.Context, at time.Duration) error {
	timer := time.NewTimer(at - run.now())
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

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

// Early closes: a server closes a connection soon after an answer, and the client does not
// notice for a while. A request that goes on such a connection is lost, and was not carried
// out. As net/http does, a read is then sent again on a new connection by the wire itself,
// and a request that changes something is not.

// closing is how a gateway treats connections on which nothing is on its way.
type closing struct {
	after   time.Duration // until it closes them
	noticed time.Duration // until the client knows
}

func planCloses(p *plan, d dice, _ bool) {
	for n := range p.closes {
		after := d.between(50*time.Microsecond, 50*time.Millisecond)
		p.closes[n] = closing{after, after + d.between(100*time.Millisecond, 1000*time.Second)}
	}
	if d.chance(50) {
		p.calm(d)
	}
}

// onClosed is the fate of a request that went on a connection which the server had closed.
var onClosed = fault{name: "on a connection that was closed", loss: reset}

// connect takes a connection to a gateway: an idle one, the last first, if there is one. It
// says whether the server has closed that. [run.mu] guards it, and what follows.
func (w *wire) connect(gate int, readsOnly bool) (reused, closed bool) {
	how := w.run.plan.closes[gate%gateways]
	if how == (closing{}) {
		return false, false
	}
	now := w.run.now()
	for n := len(w.idle[gate]); n > 0; n = len(w.idle[gate]) {
		idle := now - w.idle[gate][n-1]
		w.idle[gate] = w.idle[gate][:n-1]
		switch {
		case idle < how.after:
			return true, false
		case idle < how.noticed && !readsOnly:
			return true, true
		}
	}
	return false, false
}

// release makes the connection of a request idle, if it can carry another.
func (w *wire) release(q *request, r *http.Request) {
	if w.run.plan.closes[q.gate%gateways] == (closing{}) || q.got.status == 0 || q.gotError != nil || r.Close {
		return
	}
	if w.idle == nil {
		w.idle = map[int][]time.Duration{}
	}
	w.idle[q.gate] = append(w.idle[q.gate], w.run.now())
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] calls: who goes on does
// so on a new connection.
func (w *wire) CloseIdleConnections() {
	w.run.mu.Lock()
	defer w.run.mu.Unlock()
	clear(w.idle)
}

// A request is lost on a connection that was closed, once; a read, or a request of who
// closed the idle connections before, is not.
func TestConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := &run{plan: &plan{closes: [gateways]closing{{after: time.Second, noticed: time.Minute}}}, began: time.Now()}
		w := newWire(run, 0)
		done, r := &request{got: answer{status: 200}}, &http.Request{}
		for _, c := range []struct {
			idle           time.Duration
			reads, anew    bool
			reused, closed bool
		}{
			{idle: time.Millisecond, reused: true},
			{idle: 2 * time.Second, reused: true, closed: true},
			{idle: 2 * time.Second, reads: true},
			{idle: 2 * time.Second, anew: true},
			{idle: 2 * time.Minute},
		} {
			w.release(done, r)
			time.Sleep(c.idle)
			if c.anew {
				(&http.Client{Transport: w}).CloseIdleConnections()
			}
			if reused, closed := w.connect(0, c.reads); reused != c.reused || closed != c.closed {
				t.Errorf("%+v: reused %v, closed %v", c, reused, closed)
			}
			if reused, _ := w.connect(0, false); reused {
				t.Errorf("%+v: one connection was used twice", c)
			}
		}
	})
}
