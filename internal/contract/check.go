package contract

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// Edge is what a checker has to know of the server that it judges. The zero value
// is a server without options.
type Edge struct {
	// Profile is the profile of the server.
	Profile server.Profile
	// RuntimeVersion is the highest api-version that the server accepts, as
	// MAJOR.MINOR; empty stands for 8.2.
	RuntimeVersion string
	// Authenticates says that the server asks who the caller is, so that it may
	// answer 403 without a body.
	Authenticates bool
}

// Handler returns next with a checker in front of it, which reports to t with
// Errorf. It changes no answer, passes on panics, and is safe for concurrent use. An
// answer that next breaks off by a panic or by runtime.Goexit is none, and is not
// judged.
//
// Two things are different behind it: the ResponseWriter has its optional methods
// by way of [http.ResponseController] only, and http.MaxBytesReader cannot have the
// connection closed. Where that is what a test is about, use [Transport].
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
					x.status, x.header = http.StatusOK, w.Header() // as net/http has it
				}
				c.judge(x)
			}
		}()
		next.ServeHTTP(rec, r)
		returned = true
	})
}

type reachedKey struct{}

// Reached notes that the implementation was called for the exchange that ctx
// belongs to. A test double that calls it lets the checker tell a refusal of its
// own from one of the edge; without it, the answer has to tell. Where no [Handler]
// stands in front it does nothing.
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
	whole  bool // whether body is all of it
}

// checker judges exchanges by the documents and a table of differences.
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
