package soak

import (
	"time"
)

// fault is one thing that may happen to a request on the wire.
type fault struct {
	name   string
	often  int
	apply  applies
	status int // of the answer in the server's place; 0 for the kind of loss
	body   string
	wait   string // Retry-After
	loss   loss
}

// applies is when the server carries a request out.
type applies int

const (
	never applies = iota
	inTime
	late // some time after the client got what it gets
)

// loss is what a client gets instead of an answer.
type loss int

const (
	trueAnswer loss = iota
	refusedDial
	hangingDial
	reset
	cut
	hang
)

// untouched is the fate of most requests.
var untouched = fault{apply: inTime}

const htmlPage = "<html><body>Bad Gateway</body></html>"

func fabric(code string) string {
	return `{"Error":{"Code":"` + code + `","Message":"a sentence"}}`
}

var faults = []fault{
	{name: "connection refused", often: 2, loss: refusedDial},
	{name: "no connection in time", often: 1, loss: hangingDial},
	{name: "lost before", often: 3, loss: reset},
	{name: "lost after", often: 6, apply: inTime, loss: reset},
	{name: "lost and late", often: 6, apply: late, loss: reset},
	{name: "cut after", often: 3, apply: inTime, loss: cut},
	{name: "hangs before", often: 2, loss: hang},
	{name: "hangs after", often: 3, apply: inTime, loss: hang},
	{name: "hangs and late", often: 3, apply: late, loss: hang},
	{name: "500 before", often: 1, status: 500, body: fabric("E_FAIL")},
	{name: "500 after", often: 1, apply: inTime, status: 500, body: htmlPage},
	{name: "502 before", often: 1, status: 502, body: fabric("FABRIC_E_GATEWAY_NOT_REACHABLE")},
	{name: "502 after", often: 1, apply: inTime, status: 502, body: htmlPage},
	{name: "502 and late", often: 1, apply: late, status: 502},
	{name: "503 before", often: 2, status: 503, body: fabric("E_ABORT")},
	{name: "503 after", often: 2, apply: inTime, status: 503},
	{name: "503 and wait", often: 1, status: 503, body: fabric("FABRIC_E_SERVICE_TOO_BUSY"), wait: "3"},
	{name: "504 before", often: 1, status: 504, body: fabric("FABRIC_E_TIMEOUT")},
	{name: "504 after", often: 2, apply: inTime, status: 504, body: fabric("FABRIC_E_TIMEOUT")},
	{name: "504 and late", often: 3, apply: late, status: 504, body: htmlPage},
	{name: "408 after", often: 1, apply: inTime, status: 408, body: htmlPage},
	{name: "429", often: 2, status: 429, body: fabric("FABRIC_E_SERVICE_TOO_BUSY")},
	{name: "429 and wait", often: 2, status: 429, body: fabric("FABRIC_E_SERVICE_TOO_BUSY"), wait: "2"},
	{name: "403", often: 1, status: 403},
	{name: "HTML before", often: 1, status: 200, body: htmlPage},
	{name: "HTML after", often: 1, apply: inTime, status: 200, body: htmlPage},
}

// tardy is a choice of faults after which a late force may do what nobody expects any more:
// it is on its way, and what follows does not get through.
var tardy = []fault{
	{name: "lost and late", often: 4, apply: late, loss: reset},
	{name: "504 and late", often: 2, apply: late, status: 504, body: htmlPage},
	{name: "connection refused", often: 4, loss: refusedDial},
	{name: "429", often: 1, status: 429, body: fabric("FABRIC_E_SERVICE_TOO_BUSY")},
	{name: "403", often: 2, status: 403},
}

// anyOf is one of them, each as often as it says.
func (d dice) anyOf(all []fault) fault {
	n := 0
	for _, f := range all {
		n += f.often
	}
	n = d.IntN(n)
	for _, f := range all {
		if n -= f.often; n < 0 {
			return f
		}
	}
	return untouched // never
}

// fate is everything about one request on the wire that does not depend on the cluster.
type fate struct {
	fault     fault
	out, back time.Duration
	late      time.Duration // after the client got what it gets
	slowly    time.Duration // out, if there is nothing there
	again     time.Duration // until it is sent a second time, 0 for never
}

func (p plan) fate(q *request, d dice) fate {
	f := fate{fault: untouched, out: d.between(50*time.Microsecond, 50*time.Millisecond), back: d.between(50*time.Microsecond, 50*time.Millisecond)}
	f.late = d.between(time.Millisecond, 60*time.Second)
	if q.what == list && q.call.plan.interval == nothing && q.call.waits() {
		f.out = d.between(50*time.Millisecond, 10*time.Second)
	}
	if d.chance(p.slow) {
		f.out = d.between(10*time.Millisecond, 20*time.Second)
	}
	if d.chance(p.slow) {
		f.back = d.between(10*time.Millisecond, 20*time.Second)
	}
	// What fails may take its time: that, and no pause of the client, is what gives an
	// outage the time to end.
	if f.slowly = f.out; d.chance(70) {
		f.slowly = d.between(10*time.Millisecond, 20*time.Second)
	}
	if !d.chance(p.spoilt) {
		return f
	}
	f.fault = d.anyOf(p.faults)
	if f.fault.apply == never {
		f.out = f.slowly
	}
	return f
}

// through is what a gateway in that condition makes of a fate.
func (c condition) through(f fate) fate {
	if c != gateWell {
		f.out = f.slowly
	}
	switch c {
	case serverDown:
		f.fault = fault{name: "the server is down", loss: refusedDial}
	case gateRefuses:
		f.fault = fault{name: "the gateway refuses connections", loss: refusedDial}
	case gate502:
		f.fault = fault{name: "the gateway is cut off", status: 502, body: fabric("FABRIC_E_GATEWAY_NOT_REACHABLE")}
	case gate503:
		f.fault = fault{name: "the gateway is overloaded", status: 503}
	case gateSilent:
		f.fault = fault{name: "the gateway does nothing", loss: hang}
	case gateMute:
		f.fault = fault{name: "the gateway never answers", apply: inTime, loss: hang}
	case gateDeaf:
		f.fault = fault{name: "the gateway takes no connection", loss: hangingDial}
	default:
	}
	return f
}

// roughened is what the rough world makes of a fate.
func (p plan) roughened(f fate, q *request, d dice) fate {
	switch {
	case q.call.plan.swallow == q.n+1:
		f.fault = d.anyOf(silent)
	case p.swallowed > 0 && d.chance(p.swallowed):
		f.fault = d.anyOf(silent)
	}
	f.again = p.replay(q, d)
	return f
}
