package sftest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// Fault is a fault of a request on the wire. The functions of this package make
// faults. A fault whose name ends in Before happens before the server sees the request, or instead;
// a fault whose name ends in After happens to the answer, after the server has carried the request out.
// The zero value is [Pass]. A Fault may be used in any number of steps.
type Fault struct {
	name string
	// make makes the fault for one step of a cluster; nil is Pass.
	make func(c *Cluster, m Matcher) (wirefault.Through, error)
}

// String returns the name of the fault, as in messages and [Request.Fault].
func (f Fault) String() string { return cmp.Or(f.name, "Pass") }

func (f Fault) through(c *Cluster, m Matcher) (wirefault.Through, error) {
	if f.make == nil {
		return func(server http.Handler) http.Handler { return server }, nil
	}
	return f.make(c, m)
}

// Pass lets the request through unchanged. Use a step with it to let the
// first few requests pass before the next step applies.
func Pass() Fault { return Fault{} }

// Func is a custom fault: through wraps the server in a handler, and is
// called once for each request. This example delivers a request twice, like a proxy that
// retries:
//
//	sftest.Func(func(server http.Handler) http.Handler {
//		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
//			server.ServeHTTP(httptest.NewRecorder(), r)
//			server.ServeHTTP(w, r)
//		})
//	})
//
// A handler can panic with [http.ErrAbortHandler] to close the connection; any other
// panic fails the test. It must return when the context of its request ends.
func Func(through func(server http.Handler) http.Handler) Fault {
	return Fault{"Func", func(*Cluster, Matcher) (wirefault.Through, error) {
		if through == nil {
			return nil, errors.New("the function is nil")
		}
		return through, nil
	}}
}

// fixed returns a fault that does not depend on the cluster.
func fixed(name string, through wirefault.Through) Fault {
	return Fault{name, func(*Cluster, Matcher) (wirefault.Through, error) { return through, nil }}
}

// DropBefore closes the connection, and the server never sees the request. The caller
// gets no answer, and cannot distinguish it from [DropAfter].
func DropBefore() Fault { return fixed("DropBefore", wirefault.Fault{}.Through) }

// DropAfter closes the connection after the request was carried out: the answer is lost.
func DropAfter() Fault { return fixed("DropAfter", wirefault.Fault{Apply: true}.Through) }

// HangBefore keeps the connection open without an answer until the caller has gone. The
// server never sees the request. The caller needs a timeout.
func HangBefore() Fault { return fixed("HangBefore", wirefault.Fault{Hang: true}.Through) }

// HangAfter is [HangBefore] after the request was carried out.
func HangAfter() Fault {
	return fixed("HangAfter", wirefault.Fault{Apply: true, Hang: true}.Through)
}

// CutBody carries the request out, and closes the connection after the header and n
// bytes of the answer's body. If the body is not longer than n bytes, it fails the
// test, because nothing was cut off. The success of a cancel or a start has an empty
// body; use [DropAfter] for it.
func CutBody(n int) Fault {
	name := fmt.Sprintf("CutBody(%d)", n)
	return Fault{name, func(c *Cluster, _ Matcher) (wirefault.Through, error) {
		if n < 0 {
			return nil, errors.New("the number of bytes must not be negative")
		}
		return wirefault.CutBody(n, func(r *http.Request, has int) {
			c.tb.Errorf("sftest: %s: the body of the answer to %s %s has %d bytes, so nothing was cut off; to lose an answer use DropAfter",
				name, r.Method, r.URL.RequestURI(), has)
		}), nil
	}}
}

// DelayBefore delays the request by d, as in the queue of a gateway, before the
// server sees it. It is carried out even if the caller has gone by then. Delays are in
// real time, or in the time of the bubble in a synctest test, and end
// with the cluster.
func DelayBefore(d time.Duration) Fault { return delayed("DelayBefore", d, wirefault.DelayBefore) }

// DelayAfter carries the request out at once, and delays the answer by d.
func DelayAfter(d time.Duration) Fault { return delayed("DelayAfter", d, wirefault.DelayAfter) }

// Late closes the connection at once, like [DropBefore], but the server carries the
// request out d later. A request that seemed lost, and was perhaps retried, still
// arrives: this is the hardest fault for a client.
func Late(d time.Duration) Fault { return delayed("Late", d, wirefault.Late) }

func delayed(name string, d time.Duration, through func(wirefault.Life, time.Duration) wirefault.Through) Fault {
	return Fault{fmt.Sprintf("%s(%v)", name, d), func(c *Cluster, _ Matcher) (wirefault.Through, error) {
		if d < 0 {
			return nil, errors.New("a delay must not be negative")
		}
		return through(life{c}, d), nil
	}}
}

// life implements [wirefault.Life] for a cluster.
type life struct{ c *Cluster }

func (l life) Sleep(d time.Duration) bool { return l.c.sleep(d) }
func (l life) Go(f func())                { l.c.running.Go(f) }

// Stale answers a read, a list or a progress, from a snapshot that is taken when the step is
// added, like a lagging replica or a cache. Neither later
// requests nor the passing of time change the answer. Add the step when the cluster has the state
// that the reader should see.
//
// A request that is not a read fails the test: no replica carries out a write on a stale
// state.
func Stale() Fault {
	return Fault{"Stale", func(c *Cluster, m Matcher) (wirefault.Through, error) {
		call, _ := m.(Call)
		if of, ok := m.(callOf); ok {
			call = of.Call
		}
		switch call {
		case CancelOperation, Graceful, Force, StartDataLoss, StartQuorumLoss, StartPartitionRestart, StartNodeTransition:
			return nil, errors.New("only a read can be stale")
		default: // other matchers are checked with each request
		}
		replica, err := c.replica()
		if err != nil {
			return nil, err
		}
		return func(server http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet {
					c.tb.Errorf("sftest: Stale: %s %s is no read", r.Method, r.URL.RequestURI())
					panic(http.ErrAbortHandler)
				}
				replica.ServeHTTP(rw, r)
			})
		}, nil
	}}
}

// replica returns a server of a snapshot of the cluster, with a clock that stands still.
func (c *Cluster) replica() (http.Handler, error) {
	ctx := context.Background()
	page, err := c.store.List(ctx, "", "", math.MaxInt)
	if err != nil {
		return nil, err
	}
	copied := memory.New()
	for _, item := range page.Items {
		if _, err := copied.Commit(ctx, store.Txn{Then: []store.Write{{Key: item.Key, Value: item.Value}}}); err != nil {
			return nil, err
		}
	}
	now := c.now()
	engine := emulator.New(copied, c.config.engineOptions(func() time.Time { return now })...)
	return server.New(engine, c.config.serverOptions()...)
}
