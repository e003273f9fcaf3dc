package contract

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// Edge describes the server that a checker checks. The zero value
// is a server without options.
type Edge struct {
	// Profile is the profile of the server.
	Profile server.Profile
	// RuntimeVersion is the highest api-version that the server accepts, as
	// MAJOR.MINOR; "" means 8.2.
	RuntimeVersion string
	// Authenticates says that the server authenticates callers, so that it may
	// answer 403 without a body.
	Authenticates bool
}

// Handler wraps next with a checker, which reports to t with
// Errorf. It changes no answer, propagates panics, and is safe for concurrent use. It does
// not check an answer that next aborts by a panic or by runtime.Goexit.
//
// Two things differ for next: the ResponseWriter has its optional methods
// only through [http.ResponseController], and http.MaxBytesReader cannot close the
// connection. A test of either must use [Transport].
func Handler(t testing.TB, edge Edge, next http.Handler) http.Handler {
	t.Helper()
	return newChecker(t, edge, differences).handler(next)
}

func (c *checker) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{request: c.read(r)}
		r = r.WithContext(context.WithValue(r.Context(), reachedKey{}, &x.reached))
		r.Body = x.request.body.watch(r.Body)
		rec := &recorder{ResponseWriter: w}
		returned := false
		defer func() {
			if returned { // neither a panic nor runtime.Goexit
				x.status, x.header, x.body, x.whole = rec.status, rec.header, rec.body.Bytes(), true
				if x.status == 0 {
					x.status, x.header = http.StatusOK, w.Header() // the default of net/http
				}
				c.judge(x)
			}
		}()
		next.ServeHTTP(rec, r)
		returned = true
	})
}

type reachedKey struct{}

// Reached records that the implementation was called for the exchange of ctx.
// If a test double calls it, the checker can distinguish the double's refusals
// from those of the edge; otherwise it infers this from the answer. Without a [Handler]
// in front, Reached does nothing.
func Reached(ctx context.Context) {
	if reached, ok := ctx.Value(reachedKey{}).(*atomic.Bool); ok {
		reached.Store(true)
	}
}

// exchange is one request and its answer.
type exchange struct {
	request *request
	reached atomic.Bool

	status int
	header http.Header
	body   []byte
	whole  bool // whether body is complete
}

// checker checks exchanges against the documents and a table of differences.
type checker struct {
	t    testing.TB
	edge Edge
	rows []difference
	docs *documents
}

func newChecker(t testing.TB, edge Edge, rows []difference) *checker {
	t.Helper()
	docs, err := load()
	if err != nil {
		t.Fatalf("contract: %v", err)
	}
	if edge.RuntimeVersion == "" {
		edge.RuntimeVersion = "8.2"
	}
	return &checker{t: t, edge: edge, rows: rowsFor(edge.Profile, rows), docs: docs}
}
