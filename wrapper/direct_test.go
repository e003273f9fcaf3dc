package wrapper_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"

	"github.com/sfcancel/sfcancel/wrapper"
)

// direct carries requests to a handler without a socket, for tests of time and for
// tests of very many cases. What the handler aborts comes out as on a socket: lost,
// or cut short if an answer had begun.
type direct struct{ handler http.Handler }

var errDialRefused = errors.New("connection refused")

// refuseDial, as a panic of the handler, makes the request one that never left.
type refuseDial struct{}

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	recorder := httptest.NewRecorder()
	aborted, refused := d.handle(recorder, r)
	switch {
	case refused:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errDialRefused}
	case aborted && r.Context().Err() != nil:
		return nil, r.Context().Err()
	case aborted && !recorder.Flushed:
		return nil, io.EOF
	}
	response := recorder.Result()
	response.Request = r
	if aborted {
		begun, _ := io.ReadAll(response.Body)
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(begun), iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	return response, nil
}

func (d direct) handle(w http.ResponseWriter, r *http.Request) (aborted, refused bool) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		case refuseDial{}:
			refused = true
		default:
			panic(p)
		}
	}()
	r = r.Clone(r.Context())
	r.Body = http.NoBody
	d.handler.ServeHTTP(w, r)
	return false, false
}

// directClient is a client of a handler without a socket.
func directClient(tb testing.TB, handler http.Handler, options ...wrapper.Option) *wrapper.Client {
	tb.Helper()
	h := &http.Client{Transport: direct{handler}}
	client, err := wrapper.New("http://cluster:19080", append([]wrapper.Option{wrapper.WithHTTPClient(h)}, options...)...)
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

// answers is a handler that gives prepared answers in order, and the last one for ever.
type answers struct {
	made    []answer
	served  int
	onServe func(r *http.Request)
}

type answer struct {
	status int
	body   string
	header http.Header
	hang   bool // until the caller has gone
	dial   bool // the request never leaves
	lost   bool // no answer
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := a.made[min(a.served, len(a.made)-1)]
	a.served++
	if a.onServe != nil {
		a.onServe(r)
	}
	switch {
	case now.dial:
		panic(refuseDial{})
	case now.hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case now.lost:
		panic(http.ErrAbortHandler)
	}
	for name, values := range now.header {
		w.Header()[name] = values
	}
	w.WriteHeader(now.status)
	_, _ = io.WriteString(w, now.body)
}

// fabricError is the body of a failure.
func fabricError(code wrapper.Code) string {
	return `{"Error":{"Code":"` + string(code) + `","Message":"a sentence"}}`
}

// refusal takes the Refusal out of an error.
func refusal(tb testing.TB, err error) *wrapper.Refusal {
	tb.Helper()
	var r *wrapper.Refusal
	if !errors.As(err, &r) || !errors.Is(err, wrapper.ErrForceRefused) {
		tb.Fatalf("want a refusal by the policy, got %v", err)
	}
	return r
}

// asError takes the Error out of an error, and checks its meaning.
func asError(tb testing.TB, err, kind error) *wrapper.Error {
	tb.Helper()
	var e *wrapper.Error
	if !errors.As(err, &e) {
		tb.Fatalf("want a *wrapper.Error, got %v", err)
	}
	if !errors.Is(err, kind) {
		tb.Errorf("got %v, want %v behind it", err, kind)
	}
	return e
}

// wantKind checks what an error means, if that is all there is to check.
func wantKind(tb testing.TB, err, kind error) {
	tb.Helper()
	if !errors.Is(err, kind) {
		tb.Errorf("got %v, want %v behind it", err, kind)
	}
}

// background is a context for calls whose time does not matter.
func background() context.Context { return context.Background() }
