package sftest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sfcancel/sfcancel/internal/wirefault"
)

// DelayBefore makes the request wait for d, as in the queue of a gateway, before the
// server sees it. It is carried out even if the caller has gone by then. Delays are in
// the time of package time, which is that of the bubble in a synctest test, and end
// with the cluster.
func DelayBefore(d time.Duration) Fault {
	return delayed("DelayBefore", d, func(c *Cluster, server http.Handler, rw http.ResponseWriter, r *http.Request) {
		if !c.sleep(d) {
			panic(http.ErrAbortHandler)
		}
		server.ServeHTTP(rw, outlasting(r))
	})
}

// DelayAfter carries the request out at once, and holds the answer back for d.
func DelayAfter(d time.Duration) Fault {
	return delayed("DelayAfter", d, func(c *Cluster, server http.Handler, rw http.ResponseWriter, r *http.Request) {
		answer := carriedOut(server, r)
		if !c.sleep(d) {
			panic(http.ErrAbortHandler)
		}
		send(rw, answer, answer.Body.Len())
	})
}

// Late closes the connection at once, as [DropBefore], and lets the server carry the
// request out d later all the same. What was lost, and perhaps sent again, can still
// arrive: nothing is harder on a client.
func Late(d time.Duration) Fault {
	return delayed("Late", d, func(c *Cluster, server http.Handler, _ http.ResponseWriter, r *http.Request) {
		r = outlasting(r)
		c.running.Go(func() {
			if c.sleep(d) {
				carriedOut(server, r)
			}
		})
		panic(http.ErrAbortHandler)
	})
}

func delayed(name string, d time.Duration, serve func(*Cluster, http.Handler, http.ResponseWriter, *http.Request)) Fault {
	return Fault{fmt.Sprintf("%s(%v)", name, d), func(c *Cluster, _ Matcher) (wirefault.Through, error) {
		if d < 0 {
			return nil, errors.New("a delay must not be negative")
		}
		return func(server http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { serve(c, server, rw, r) })
		}, nil
	}}
}

// outlasting is a request that does not end with its caller.
func outlasting(r *http.Request) *http.Request {
	return r.WithContext(context.WithoutCancel(r.Context()))
}
