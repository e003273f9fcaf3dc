package sftest

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/sfcancel/sfcancel/internal/wirefault"
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
