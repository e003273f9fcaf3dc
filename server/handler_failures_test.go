package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// secret stands for what must not leave the server.
const secret = "hunter2-db.go:42"

// answering is an implementation whose cancel is given.
type answering struct {
	server.Unimplemented
	cancel func(ctx context.Context) (generated.CancelOperationResponseObject, error)
}

func (a answering) CancelOperation(ctx context.Context, _ generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	return a.cancel(ctx)
}

// visit is a response object of somebody else's making.
type visit func(w http.ResponseWriter) error

func (v visit) VisitCancelOperationResponse(w http.ResponseWriter) error { return v(w) }

// foreign is one that only looks like a response object.
type foreign struct {
	generated.CancelOperationResponseObject
}

type panicky struct{}

func (panicky) Error() string      { return secret }
func (panicky) Is(error) bool      { panic(secret) }
func (e *secretive) Unwrap() error { return e.cause }

type secretive struct{ cause error }

func (e *secretive) Error() string { return secret }

// buffer is a log that may be written to from anywhere.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (b *buffer) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(b, nil)) }

type failure struct {
	name  string
	give  func(ctx context.Context) (generated.CancelOperationResponseObject, error)
	want  want
	level slog.Level
	log   string // part of the log line
}

func fails(err error) func(context.Context) (generated.CancelOperationResponseObject, error) {
	return func(context.Context) (generated.CancelOperationResponseObject, error) { return nil, err }
}

func returns(r generated.CancelOperationResponseObject) func(context.Context) (generated.CancelOperationResponseObject, error) {
	return func(context.Context) (generated.CancelOperationResponseObject, error) { return r, nil }
}

func panics(v any) func(context.Context) (generated.CancelOperationResponseObject, error) {
	return func(context.Context) (generated.CancelOperationResponseObject, error) { panic(v) }
}

func failures() []failure {
	var (
		fail     = want{500, generated.ErrorCodeFail}
		notFound = want{404, generated.ErrorCodeKeyNotFound}
		timedOut = want{504, generated.ErrorCodeTimeout}
		aborted  = want{503, generated.ErrorCodeAbort}

		unknown = server.NewError(generated.ErrorCodeKeyNotFound, "No such operation.")
		noError *server.Error
		broken  = errors.New(secret)
		info    = slog.LevelInfo
		warn    = slog.LevelWarn
		severe  = slog.LevelError
	)
	return []failure{
		{"error of any type", fails(broken), fail, warn, secret},
		{"error that wraps nothing known", fails(&secretive{cause: io.EOF}), fail, warn, secret},
		{"error whose methods panic", fails(panicky{}), fail, severe, "stack"},
		{"Error", fails(unknown), notFound, info, "FABRIC_E_KEY_NOT_FOUND"},
		{"Error with a cause", fails(unknown.Wrap(broken)), notFound, info, secret},
		{"Error wrapped with a text", fails(fmt.Errorf("%s: %w", secret, unknown)), notFound, info, secret},
		{"Error in a join", fails(errors.Join(broken, unknown)), notFound, info, secret},
		{"Error that is nil", fails(noError), fail, warn, "nil"},
		{"Error made by hand, empty", fails(&server.Error{}), fail, warn, "E_FAIL"},
		{"Error with a status that is none", fails(&server.Error{Status: 200, Code: generated.ErrorCodeKeyNotFound}), notFound, info, ""},
		{"Error with a status of its own", fails(&server.Error{Status: 418, Code: "0x80131505"}), want{418, "0x80131505"}, info, "0x80131505"},
		{"unknown code", fails(server.NewError("0x80131505", "")), want{500, "0x80131505"}, warn, "0x80131505"},
		{"deadline", fails(context.DeadlineExceeded), timedOut, warn, "deadline"},
		{"deadline in a chain", fails(&secretive{cause: context.DeadlineExceeded}), timedOut, warn, secret},
		{"deadline behind an Error", fails(unknown.Wrap(context.DeadlineExceeded)), timedOut, warn, "deadline"},
		{"cancelled inside", fails(&secretive{cause: context.Canceled}), aborted, warn, secret},
		{"cancelled behind an Error", fails(unknown.Wrap(context.Canceled)), notFound, info, "canceled"},
		{"not implemented", fails(server.NewError(generated.ErrorCodeNotImpl, "")), want{501, generated.ErrorCodeNotImpl}, warn, "E_NOTIMPL"},

		{"panic", panics(secret), fail, severe, secret},
		{"panic with an error", panics(broken), fail, severe, secret},
		{"panic with an Error", panics(unknown), fail, severe, "stack"},
		{"panic with nil", panics(nil), fail, severe, "stack"},
		{"panic with something that does not compare", panics([]string{secret}), fail, severe, secret},
		{"nil pointer", func(context.Context) (generated.CancelOperationResponseObject, error) {
			var m *generated.CancelOperationdefaultJSONResponse
			return m, errors.New(m.Body.Error.Message)
		}, fail, severe, "stack"},

		{"neither response nor error", returns(nil), fail, warn, "neither"},
		{"nil pointer for a response", returns((*generated.CancelOperation200Response)(nil)), fail, warn, "neither"},
		{"nil function for a response", returns(visit(nil)), fail, warn, "neither"},
		{"foreign response type", returns(foreign{}), fail, severe, "stack"},
		{"response that writes nothing", returns(visit(func(http.ResponseWriter) error { return nil })), fail, warn, "wrote nothing"},
		{"response that does not encode", returns(visit(func(w http.ResponseWriter) error {
			w.Header().Set("Content-Length", "1000000")
			w.Header().Set("Cache-Control", "public")
			_, err := json.Marshal(map[string]any{secret: func() {}})
			return errors.Join(errors.New(secret), err)
		})), fail, warn, secret},
		{"response that panics", returns(visit(func(http.ResponseWriter) error { panic(secret) })), fail, severe, secret},
		{"response with a status that is none", returns(visit(func(w http.ResponseWriter) error {
			w.WriteHeader(42)
			return nil
		})), fail, severe, "stack"},
		{"default response", returns(generated.CancelOperationdefaultJSONResponse{
			StatusCode: 409, Body: generated.FabricError{Error: generated.FabricErrorDetail{Code: "FABRIC_E_X", Message: "Taken."}},
		}), want{409, "FABRIC_E_X"}, info, "FABRIC_E_X"},
		{"default response by pointer, empty", returns(&generated.CancelOperationdefaultJSONResponse{}), fail, warn, "E_FAIL"},
		{"default response that says 200", returns(generated.CancelOperationdefaultJSONResponse{
			StatusCode: 200, Body: generated.FabricError{Error: generated.FabricErrorDetail{Code: generated.ErrorCodeKeyNotFound}},
		}), notFound, info, "FABRIC_E_KEY_NOT_FOUND"},
	}
}

// Every way to fail is a FabricError on a real connection, says nothing of what
// went wrong inside, and is in the log.
func TestFailures(t *testing.T) {
	for _, tt := range failures() {
		t.Run(tt.name, func(t *testing.T) {
			var log buffer
			srv := httptest.NewServer(newHandler(t, answering{cancel: tt.give}, server.WithLogger(log.logger())))
			defer srv.Close()

			status, header, body := post(t, srv, gracefully)
			got := shaped(t, status, header, body)
			if got.want != tt.want {
				t.Errorf("got %v %q, want %v", got.want, got.message, tt.want)
			}
			if header.Get("Cache-Control") != "" {
				t.Error("a header of the response that failed is still there")
			}
			sent := fmt.Sprint(header) + string(body)
			for _, leak := range []string{secret, "hunter2", "goroutine", ".go:", "panic", "deadline exceeded", "nil pointer"} {
				if strings.Contains(sent, leak) {
					t.Errorf("%q is on the wire: %s", leak, sent)
				}
			}

			srv.Close() // the line is written after the answer
			line := oneLine(t, &log)
			if line.Level != tt.level || line.Status != tt.want.status || line.Code != string(tt.want.code) {
				t.Errorf("log line %+v", line)
			}
			if !strings.Contains(log.String(), tt.log) {
				t.Errorf("log lacks %q: %s", tt.log, log.String())
			}
			if panicked := strings.Contains(log.String(), `"stack"`); panicked != (tt.level == slog.LevelError) {
				t.Errorf("stack in the log: %v", panicked)
			}
		})
	}
}

func post(t testing.TB, srv *httptest.Server, target string) (int, http.Header, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

// A header that went out stays the only one, and the connection is cut, so that
// half an answer cannot pass for one.
func TestFailureAfterTheHeader(t *testing.T) {
	started := func(then func() error) visit {
		return func(w http.ResponseWriter) error {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusOK)
			if _, err := io.WriteString(w, `{"half":`); err != nil {
				return err
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				return err
			}
			return then()
		}
	}
	tests := map[string]visit{
		"error": started(func() error { return errors.New(secret) }),
		"panic": started(func() error { panic(secret) }),
		"abort": started(func() error { panic(http.ErrAbortHandler) }),
		"error after a header that is not flushed": func(w http.ResponseWriter) error {
			w.WriteHeader(http.StatusOK)
			return errors.New(secret)
		},
		"abort before the header": func(http.ResponseWriter) error { panic(http.ErrAbortHandler) },
	}
	for name, v := range tests {
		t.Run(name, func(t *testing.T) {
			var log buffer
			srv := httptest.NewServer(newHandler(t, answering{cancel: returns(v)}, server.WithLogger(log.logger())))
			defer srv.Close()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+gracefully, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := srv.Client().Do(r)
			if err == nil {
				body, readErr := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if readErr == nil || strings.Contains(string(body), "Error") {
					t.Errorf("the answer looks complete: %d %q", resp.StatusCode, body)
				}
			}
			srv.Close()
			if line := oneLine(t, &log); line.Level != slog.LevelError || !line.Aborted {
				t.Errorf("log line %+v", line)
			}
		})
	}
}

// A client that hangs up in the middle of an answer is no failure of the server's.
func TestClientThatHangsUp(t *testing.T) {
	r, err := parse("POST", gracefully)
	if err != nil {
		t.Fatal(err)
	}
	var log buffer
	ctx, hangUp := context.WithCancel(t.Context())
	broken := visit(func(w http.ResponseWriter) error {
		w.WriteHeader(http.StatusOK)
		hangUp()
		return errors.New("connection reset by peer")
	})
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("panicked with %v", err)
		}
		if line := oneLine(t, &log); line.Level != slog.LevelWarn || !line.Aborted {
			t.Errorf("log line %+v", line)
		}
	}()
	newHandler(t, answering{cancel: returns(broken)}, server.WithLogger(log.logger())).ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
}

func TestAbortHandlerPanicsAgain(t *testing.T) {
	r, err := parse("POST", gracefully)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("panicked with %v", err)
		}
	}()
	newHandler(t, answering{cancel: panics(http.ErrAbortHandler)}).ServeHTTP(httptest.NewRecorder(), r)
}

// An implementation that ends its goroutine, as t.FailNow does, takes nothing
// with it.
func TestGoexit(t *testing.T) {
	r, err := parse("POST", gracefully)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h := newHandler(t, answering{cancel: func(context.Context) (generated.CancelOperationResponseObject, error) {
		runtime.Goexit()
		return nil, nil
	}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(w, r)
	}()
	<-done
	if w.Body.Len() > 0 {
		t.Errorf("wrote %q", w.Body)
	}
}

// Response objects that are not generated may answer as they like.
func TestResponsesOfOtherMaking(t *testing.T) {
	tests := map[string]struct {
		visit visit
		body  string
	}{
		"header once": {func(w http.ResponseWriter) error {
			w.WriteHeader(http.StatusOK)
			w.WriteHeader(http.StatusTeapot)
			return nil
		}, ""},
		"informational first": {func(w http.ResponseWriter) error {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
			return nil
		}, ""},
		"deadline of its own": {func(w http.ResponseWriter) error {
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour)); err != nil {
				return err
			}
			w.WriteHeader(http.StatusOK)
			return nil
		}, ""},
		"no header of its own": {func(w http.ResponseWriter) error {
			w.Header().Set("Content-Type", "application/json")
			_, err := io.WriteString(w, "[]")
			return err
		}, "[]"},
		"flush before the header": {func(w http.ResponseWriter) error {
			w.Header().Set("Content-Type", "application/json")
			if err := http.NewResponseController(w).Flush(); err != nil {
				return err
			}
			_, err := io.WriteString(w, "{}")
			return err
		}, "{}"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var log buffer
			opts := []server.Option{server.WithLogger(log.logger())}
			h := newHandler(t, answering{cancel: returns(tt.visit)}, opts...)
			if tt.body != "" {
				h = bareHandler(t, answering{cancel: returns(tt.visit)}, opts...) // the document gives a cancel no body
			}
			srv := httptest.NewServer(h)
			defer srv.Close()
			status, header, body := post(t, srv, gracefully)
			if got := shaped(t, status, header, body); got.want != ok || got.body != tt.body {
				t.Errorf("got %v %q", got.want, got.body)
			}
			srv.Close()
			if line := oneLine(t, &log); line.Status != 200 || line.Level != slog.LevelInfo {
				t.Errorf("log line %+v", line)
			}
		})
	}
}

// resembling has a member like those of a generated default response.
type resembling struct {
	Body  generated.FabricError
	visit visit
}

func (r resembling) VisitCancelOperationResponse(w http.ResponseWriter) error { return r.visit(w) }

func TestResponseThatResemblesADefaultResponse(t *testing.T) {
	r, err := parse("POST", gracefully)
	if err != nil {
		t.Fatal(err)
	}
	answer := resembling{visit: func(w http.ResponseWriter) error {
		w.WriteHeader(http.StatusOK)
		return nil
	}}
	if got := serve(t, newHandler(t, answering{cancel: returns(answer)}), r); got.want != ok {
		t.Errorf("got %v", got.want)
	}
}

// A list that was never appended to is a bare, empty array.
func TestNilListIsEmpty(t *testing.T) {
	for name, list := range map[string]generated.GetFaultOperationListResponseObject{
		"nil":            generated.GetFaultOperationList200JSONResponse(nil),
		"pointer to nil": new(generated.GetFaultOperationList200JSONResponse),
		"empty":          generated.GetFaultOperationList200JSONResponse{},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := parse("GET", "/Faults/?api-version=6.0&StateFilter=1&TypeFilter=1")
			if err != nil {
				t.Fatal(err)
			}
			if got := serve(t, newHandler(t, lister{answer: list}), r); got.want != ok || strings.TrimSpace(got.body) != "[]" {
				t.Errorf("got %v %q", got.want, got.body)
			}
		})
	}
}

type lister struct {
	server.Unimplemented
	answer generated.GetFaultOperationListResponseObject
}

func (l lister) GetFaultOperationList(context.Context, generated.GetFaultOperationListRequestObject) (generated.GetFaultOperationListResponseObject, error) {
	return l.answer, nil
}

// leaver ends its goroutine, as a failing assertion of a test library does.
type leaver struct{ server.Unimplemented }

func (leaver) CancelOperation(context.Context, generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	runtime.Goexit()
	return nil, nil
}

// net/http cuts such a connection without a word; the log must not call that a success.
func TestGoexitIsLoggedAsAborted(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := newHandler(t, leaver{}, server.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	const target = "/Faults/$/Cancel?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01&Force=false"
	left := make(chan struct{})
	go func() {
		defer close(left)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, nil))
	}()
	<-left
	if line := log.String(); !strings.Contains(line, "level=ERROR") || !strings.Contains(line, "aborted=true") {
		t.Errorf("the log says %q", line)
	}
}
