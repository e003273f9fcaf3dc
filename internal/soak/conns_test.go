package soak

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

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
