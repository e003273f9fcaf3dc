package soak

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
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
