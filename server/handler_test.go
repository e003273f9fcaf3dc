package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
