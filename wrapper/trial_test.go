package wrapper_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/wrapper"
)

// spoil is one thing that may happen to a request.
type spoil struct {
	name  string
	fault wirefault.Fault
	dial  bool // it never leaves
	late  bool // its answer is lost, and it arrives after the next one
}

var spoils = []spoil{
	{name: "lost before", fault: wirefault.Fault{}},
	{name: "lost after", fault: wirefault.Fault{Apply: true}},
	{name: "lost and late", late: true},
	{name: "502 before", fault: wirefault.Fault{Status: 502, Body: fabricError("FABRIC_E_GATEWAY_NOT_REACHABLE")}},
	{name: "502 after", fault: wirefault.Fault{Apply: true, Status: 502, Body: htmlPage}},
	{name: "503 before", fault: wirefault.Fault{Status: 503, Body: fabricError("E_ABORT")}},
	{name: "503 after", fault: wirefault.Fault{Apply: true, Status: 503}},
	{name: "504 before", fault: wirefault.Fault{Status: 504, Body: fabricError("FABRIC_E_TIMEOUT")}},
	{name: "504 after", fault: wirefault.Fault{Apply: true, Status: 504, Body: fabricError("FABRIC_E_TIMEOUT")}},
	{name: "cut after", fault: wirefault.Fault{Apply: true, Status: 200, Body: "[     ]", Cut: 3}},
	{name: "HTML before", fault: wirefault.Fault{Status: 200, Body: htmlPage}},
	{name: "429", fault: wirefault.Fault{Status: 429, Body: fabricError(wrapper.Code(generated.ErrorCodeServiceTooBusy))}},
	{name: "hang before", fault: wirefault.Fault{Hang: true}},
	{name: "hang after", fault: wirefault.Fault{Hang: true, Apply: true}},
	{name: "not sent", dial: true},
	{name: "403", fault: wirefault.Fault{Status: 403}},
}

// script is what happens to which request of a call, counted from 0.
type script map[int]spoil

func (s script) String() string {
	var parts []string
	for n := range 10 {
		if f, ok := s[n]; ok {
			parts = append(parts, fmt.Sprintf("request %d %s", n+1, f.name))
		}
	}
	if len(parts) == 0 {
		return "no faults"
	}
	return strings.Join(parts, ", ")
}

func (s script) any(is func(spoil) bool) bool {
	for _, f := range s {
		if is(f) {
			return true
		}
	}
	return false
}

// asking is one call to make.
type asking struct {
	name     string
	force    bool
	policy   wrapper.ForcePolicy
	evidence bool // the ledger knows of a graceful cancel
	start    startCall
	wait     waitCall // with an engine that goes on as time does
}

var askings = []asking{
	{name: "Cancel"},
	{name: "ForceCancel, the server decides", force: true, policy: wrapper.ServerDecides{}},
	{name: "ForceCancel on evidence", force: true, policy: wrapper.RequireGraceful{}, evidence: true},
	{name: "Cancel again", evidence: true},
	{name: "ForceCancel without evidence", force: true, policy: wrapper.RequireGraceful{}},
	{name: "ForceCancel, graceful first", force: true, policy: wrapper.GracefulFirst{}},
}

// trial is one call under one script, and everything there is to know about it.
type trial struct {
	c        *cluster
	from     situation
	ask      asking
	script   script
	attempts int         // as Retry allows
	before   func(n int) // what others do before a request arrives; nil for nothing

	othersCancelled, othersForced bool

	ledger        wrapper.MemoryLedger
	requests      int
	wire          []string // those of them that left, in short
	gracefulFirst bool     // a graceful cancel was in effect when the first force left
	late          []*http.Request
	times         []time.Time // of all requests
	got           wrapper.Result
	err           error
}

func (tr *trial) run(tb testing.TB) {
	tb.Helper()
	tr.from.make(tb, tr.c)
	tr.othersForced = tr.from.flag == emulator.RollingBackForce
	if tr.ask.evidence {
		entries, _ := knowsGraceful(tb).Entries(background(), opID)
		must(tb, tr.ledger.Append(background(), entries[0]))
	}
	n := -1 // the request that is under way
	for at, s := range tr.script {
		tr.c.wire.Spoil(func(*http.Request) bool { return n == at }, s.fault)
	}
	through := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n++; tr.before != nil {
			tr.before(n)
		}
		tr.requests++
		tr.times = append(tr.times, time.Now())
		now := tr.script[n]
		if now.dial {
			panic(refuseDial{})
		}
		tr.wire = append(tr.wire, inShort([]string{r.Method + " " + r.URL.RequestURI()})...)
		if slices.Index(tr.wire, "force") == len(tr.wire)-1 {
			tr.gracefulFirst = slices.Contains(tr.c.carried, "graceful")
		}
		defer tr.deliver(len(tr.late))
		if now.late {
			tr.late = append(tr.late, r.Clone(context.Background()))
			panic(http.ErrAbortHandler)
		}
		tr.c.handler.ServeHTTP(w, r)
	})
	retry := fast
	retry.MaxAttempts = tr.attempts
	client := directClient(tb, through, wrapper.WithRetry(retry), wrapper.WithLedger(&tr.ledger), wrapper.WithCluster(itsCluster))
	switch {
	case tr.ask.wait != nil:
		tr.c.clock.follow()
		tr.got, tr.err = tr.ask.wait(context.Background(), client)
	case tr.ask.start != nil:
		tr.got, tr.err = tr.ask.start(context.Background(), client, wrapper.StartOptions{OperationID: opID})
	case tr.ask.force:
		tr.got, tr.err = client.ForceCancel(context.Background(), opID, wrapper.ForceOptions{Policy: tr.ask.policy})
	default:
		tr.got, tr.err = client.Cancel(context.Background(), opID, wrapper.CancelOptions{})
	}
}

// deliver lets the first so many late requests arrive.
func (tr *trial) deliver(some int) {
	for _, r := range tr.late[:some] {
		tr.c.server.ServeHTTP(httptest.NewRecorder(), r)
	}
	tr.late = tr.late[some:]
}

// asked is what was asked for, as the wire shows it.
func (tr *trial) asked() string {
	if tr.ask.force {
		return "force"
	}
	return "graceful"
}

func (tr *trial) outcome() string {
	if tr.err == nil {
		return string(tr.got.Verdict)
	}
	for _, kind := range kinds {
		if strings.Contains(tr.err.Error(), ": "+kind.Error()) {
			return kind.Error()
		}
	}
	return "another error"
}

func (tr *trial) String() string {
	return fmt.Sprintf("%s, %s, %s, %d attempts\n\tgot %q %q resolved %v, error %v\n\tthe wire saw %v, the server carried out %v",
		tr.from.name, tr.ask.name, tr.script, tr.attempts, tr.got.Verdict, tr.got.State, tr.got.Resolved, tr.err, tr.wire, tr.c.carried)
}
