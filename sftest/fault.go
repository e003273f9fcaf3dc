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

// Fault is what happens to a request on the wire. The functions of this package make
// them. What ends in Before happens instead of, or before, the server sees the request;
// what ends in After happens to the answer, when the server has carried the request out.
// The zero value is [Pass]. A Fault may be used in any number of steps.
type Fault struct {
	name string
	// make is the fault for one step of a cluster; nil is Pass.
	make func(c *Cluster, m Matcher) (wirefault.Through, error)
}

// String is the name of the fault, as messages and [Request.Fault] have it.
func (f Fault) String() string { return cmp.Or(f.name, "Pass") }

func (f Fault) through(c *Cluster, m Matcher) (wirefault.Through, error) {
	if f.make == nil {
		return func(server http.Handler) http.Handler { return server }, nil
	}
	return f.make(c, m)
}

// Pass lets the request through untouched. A step with it is for counting: it lets the
// first few pass before the next step has its turn.
func Pass() Fault { return Fault{} }

// Func is a fault of one's own: through puts a handler in front of the server, and is
// called once for each request. A request is delivered twice, as by a proxy that tries
// again, like this:
//
//	sftest.Func(func(server http.Handler) http.Handler {
//		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
//			server.ServeHTTP(httptest.NewRecorder(), r)
//			server.ServeHTTP(w, r)
//		})
//	})
//
// A handler closes the connection by a panic with [http.ErrAbortHandler]; any other
// panic fails the test. It has to end with the context of its request.
func Func(through func(server http.Handler) http.Handler) Fault {
	return Fault{"Func", func(*Cluster, Matcher) (wirefault.Through, error) {
		if through == nil {
			return nil, errors.New("the function is nil")
		}
		return through, nil
	}}
}

// fixed is a fault that is the same in every cluster.
func fixed(name string, through wirefault.Through) Fault {
	return Fault{name, func(*Cluster, Matcher) (wirefault.Through, error) { return through, nil }}
}

// DropBefore closes the connection, and the server never sees the request. The caller
// gets no answer, and cannot tell it from [DropAfter].
func DropBefore() Fault { return fixed("DropBefore", wirefault.Fault{}.Through) }

// DropAfter closes the connection after the request was carried out: the answer is lost.
func DropAfter() Fault { return fixed("DropAfter", wirefault.Fault{Apply: true}.Through) }

// HangBefore keeps the connection open without an answer until the caller has gone, and
// the server never sees the request. The caller needs a timeout.
func HangBefore() Fault { return fixed("HangBefore", wirefault.Fault{Hang: true}.Through) }

// HangAfter is [HangBefore] after the request was carried out.
func HangAfter() Fault {
	return fixed("HangAfter", wirefault.Fault{Apply: true, Hang: true}.Through)
}

// CutBody carries the request out, and closes the connection after the header and n
// bytes of the answer's body. An answer whose body is no longer than that fails the
// test, because nothing can be cut off it. The success of a cancel or a start is one: its
// body is empty, and [DropAfter] is what can happen to it.
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

// DelayBefore makes the request wait for d, as in the queue of a gateway, before the
// server sees it. It is carried out even if the caller has gone by then. Delays are in
// the time of package time, which is that of the bubble in a synctest test, and end
// with the cluster.
func DelayBefore(d time.Duration) Fault { return delayed("DelayBefore", d, wirefault.DelayBefore) }

// DelayAfter carries the request out at once, and holds the answer back for d.
func DelayAfter(d time.Duration) Fault { return delayed("DelayAfter", d, wirefault.DelayAfter) }

// Late closes the connection at once, as [DropBefore], and lets the server carry the
// request out d later all the same. What was lost, and perhaps sent again, can still
// arrive: nothing is harder on a client.
func Late(d time.Duration) Fault { return delayed("Late", d, wirefault.Late) }

func delayed(name string, d time.Duration, through func(wirefault.Life, time.Duration) wirefault.Through) Fault {
	return Fault{fmt.Sprintf("%s(%v)", name, d), func(c *Cluster, _ Matcher) (wirefault.Through, error) {
		if d < 0 {
			return nil, errors.New("a delay must not be negative")
		}
		return through(life{c}, d), nil
	}}
}

// life is that of a cluster.
type life struct{ c *Cluster }

func (l life) Sleep(d time.Duration) bool { return l.c.sleep(d) }
func (l life) Go(f func())                { l.c.running.Go(f) }

// Stale answers a read, a list or a progress, as things stood when the step was
// written: like a replica that has heard of nothing since, or a cache. Neither later
// requests nor the time that has passed show in the answer. Write the step when things
// stand as the reader shall see them.
//
// A request that is no read fails the test: no replica carries one out on old
// knowledge.
func Stale() Fault {
	return Fault{"Stale", func(c *Cluster, m Matcher) (wirefault.Through, error) {
		call, _ := m.(Call)
		if of, ok := m.(callOf); ok {
			call = of.Call
		}
		switch call {
		case CancelOperation, Graceful, Force, StartDataLoss, StartQuorumLoss, StartPartitionRestart, StartNodeTransition:
			return nil, errors.New("only a read can be stale")
		default: // others are checked as they come
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

// replica is a server of everything as it is now, for ever.
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
