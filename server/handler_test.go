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
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// §3: at expiry the answer is 504, and an implementation that got through all
// the same is told so.
func TestTimeoutExpires(t *testing.T) {
	expired := want{504, generated.ErrorCodeTimeout}
	tests := []struct {
		name   string
		target string
		act    func(ctx context.Context) error
		want   want
		after  time.Duration
	}{
		{"default, error of the context", gracefully, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}, expired, 60 * time.Second},
		{"asked for, wrapped", gracefully + "&timeout=5", func(ctx context.Context) error {
			<-ctx.Done()
			return fmt.Errorf("store: %w", context.Cause(ctx))
		}, expired, 5 * time.Second},
		{"behind an Error of another code", gracefully + "&timeout=5", func(ctx context.Context) error {
			<-ctx.Done()
			return server.NewError(generated.ErrorCodeNotReady, "not yet").Wrap(ctx.Err())
		}, expired, 5 * time.Second},
		{"136 years", gracefully + "&timeout=4294967295", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}, expired, 4294967295 * time.Second},
		{"success all the same", gracefully + "&timeout=5", func(ctx context.Context) error {
			<-ctx.Done()
			return nil
		}, ok, 5 * time.Second},
		{"another reason all the same", gracefully + "&timeout=5", func(ctx context.Context) error {
			<-ctx.Done()
			return server.NewError(generated.ErrorCodeKeyNotFound, "")
		}, want{404, generated.ErrorCodeKeyNotFound}, 5 * time.Second},
		{"context ignored", gracefully + "&timeout=5", func(context.Context) error {
			time.Sleep(20 * time.Second)
			return nil
		}, ok, 20 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := parse("POST", tt.target)
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				got := askWith(t, &spy{act: tt.act}, r)
				if got.want != tt.want {
					t.Errorf("got %v %s, want %v", got.want, got.message, tt.want)
				}
				if took := time.Since(start); took != tt.after {
					t.Errorf("after %v, want %v", took, tt.after)
				}
			})
		})
	}
}

// The context of an implementation ends with the caller's.
func TestCallerGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := parse("POST", gracefully)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		got := askWith(t, &spy{act: func(ctx context.Context) error {
			<-ctx.Done()
			return errors.Join(errors.New("stopped"), ctx.Err())
		}}, r.WithContext(ctx))
		if w := (want{503, generated.ErrorCodeAbort}); got.want != w {
			t.Errorf("got %v, want %v", got.want, w)
		}
	})
}

func TestUnimplemented(t *testing.T) {
	for operation, r := range complete {
		t.Run(operation, func(t *testing.T) {
			req, err := parse(r.method, r.target)
			if err != nil {
				t.Fatal(err)
			}
			got := serve(t, newHandler(t, server.Unimplemented{}), req)
			if w := (want{501, generated.ErrorCodeNotImpl}); got.want != w || !strings.Contains(got.message, operation) {
				t.Errorf("got %v %q", got.want, got.message)
			}
		})
	}
}

func TestConcurrentUse(t *testing.T) {
	h := newHandler(t, server.Unimplemented{})
	var wg sync.WaitGroup
	for range 8 {
		for _, r := range complete {
			wg.Go(func() {
				req, err := parse(r.method, r.target)
				if err != nil {
					t.Error(err)
					return
				}
				if got := serve(t, h, req); got.status != 501 {
					t.Errorf("got %v", got.want)
				}
			})
		}
	}
	wg.Wait()
}

// Middleware is around the implementation, the first outermost: it sees well-formed requests alone,
// may refuse one, and what it returns is checked like an answer.
func TestMiddleware(t *testing.T) {
	t.Parallel()
	var order []string
	named := func(name string) func(server.Invoke) server.Invoke {
		return func(next server.Invoke) server.Invoke {
			return func(ctx context.Context, op *generated.Operation, request any) (any, error) {
				order = append(order, name+" "+op.ID)
				if r, ok := request.(generated.CancelOperationRequestObject); ok && r.Params.OperationID == uuid.Nil {
					return nil, server.NewError(generated.ErrorCodeNotReady, "Not now.")
				}
				return next(ctx, op, request)
			}
		}
	}
	forgets := func(server.Invoke) server.Invoke {
		return func(context.Context, *generated.Operation, any) (any, error) { return nil, nil }
	}
	foreign := func(server.Invoke) server.Invoke {
		return func(context.Context, *generated.Operation, any) (any, error) {
			return generated.StartDataLoss202Response{}, nil
		}
	}
	nobody := cancelPath + "?api-version=6.0&Force=true&OperationId=" + uuid.Nil.String()
	for _, tt := range []struct {
		name, target string
		around       []func(server.Invoke) server.Invoke
		want         want
		order        []string
	}{
		{"in order", gracefully, []func(server.Invoke) server.Invoke{named("outer"), named("inner")}, ok, []string{"outer CancelOperation", "inner CancelOperation"}},
		{"a request that is refused by the edge", cancel + "&Force=1", []func(server.Invoke) server.Invoke{named("outer")}, invalid, nil},
		{"one that refuses", nobody, []func(server.Invoke) server.Invoke{named("outer"), named("inner")}, want{503, generated.ErrorCodeNotReady}, []string{"outer CancelOperation"}},
		{"one that returns nothing", gracefully, []func(server.Invoke) server.Invoke{forgets}, want{500, generated.ErrorCodeFail}, nil},
		{"a response of another operation", gracefully, []func(server.Invoke) server.Invoke{foreign}, want{500, generated.ErrorCodeFail}, nil},
	} {
		order = nil
		r, err := parse(http.MethodPost, tt.target)
		if err != nil {
			t.Fatal(err)
		}
		got := serve(t, newHandler(t, &spy{}, server.WithMiddleware(tt.around...)), r)
		if got.want != tt.want || !slices.Equal(order, tt.order) {
			t.Errorf("%s: got %v through %v, want %v through %v", tt.name, got.want, order, tt.want, tt.order)
		}
	}
	for name, opt := range map[string]server.Option{
		"a nil middleware":         server.WithMiddleware(nil),
		"one that makes nothing":   server.WithMiddleware(func(server.Invoke) server.Invoke { return nil }),
		"a nil trace":              server.WithTrace(nil),
		"a nil authenticator":      server.WithAuthenticator(nil),
		"no document":              server.WithDocument("/openapi", nil),
		"a path with a variable":   server.WithDocument("/{x}", map[string][]byte{"a": nil}),
		"a path that is the API's": server.WithDocument("/$", map[string][]byte{"GetClusterVersion": nil}),
	} {
		if h, err := server.New(&spy{}, opt); err == nil || h != nil {
			t.Errorf("%s: got %v, %v, want an error", name, h, err)
		}
	}
}

// canceller answers every cancel.
type canceller struct{ server.Unimplemented }

func (canceller) CancelOperation(context.Context, generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	return generated.CancelOperation200Response{}, nil
}

// sink is a writer that keeps nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}

// asked returns a function that has a handler serve a request, with its header already there.
func asked(tb testing.TB, target string) func() {
	tb.Helper()
	h, err := server.New(canceller{})
	if err != nil {
		tb.Fatal(err)
	}
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, "http://localhost"+target, http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	r.Header["X-Servicefabricrequestid"] = []string{"7d793037-a076-4b2a-9f0e-4d0c8a550d7d"}
	w := &sink{header: make(http.Header, 8)}
	return func() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
}

// The edge checks every parameter, and bounds and recovers the call, with few allocations.
func TestAllocations(t *testing.T) {
	for name, tc := range map[string]struct {
		target string
		most   float64
	}{
		"carried out":   {gracefully + "&timeout=60", 8},
		"a bad value":   {cancel + "&Force=maybe", 8},
		"not available": {list, 8},
	} {
		if got := testing.AllocsPerRun(200, asked(t, tc.target)); got > tc.most {
			t.Errorf("%s: got %v allocations, want %v at most", name, got, tc.most)
		}
	}
}

func BenchmarkCancel(b *testing.B) {
	ask := asked(b, gracefully+"&timeout=60")
	b.ReportAllocs()
	for b.Loop() {
		ask()
	}
}

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
				t.Errorf("Cache-Control of the response that failed: got %q, want none", header.Get("Cache-Control"))
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
