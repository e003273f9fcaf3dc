package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

const everything = list + "&StateFilter=0&TypeFilter=0"

var tooBusy = want{503, generated.ErrorCodeServiceTooBusy}

// busy is a handler whose implementation works for ten seconds, and notes who came in.
type busy struct {
	*server.Handler
	came chan string
	act  func(context.Context) error
}

func newBusy(t *testing.T, l server.Limits) *busy {
	t.Helper()
	b := &busy{came: make(chan string, 1000), act: func(ctx context.Context) error { return sleep(ctx, 10*time.Second) }}
	h, err := server.New(busyOne{b: b}, server.WithLimits(l))
	if err != nil {
		t.Fatal(err)
	}
	b.Handler = h
	return b
}

type busyOne struct {
	server.Unimplemented
	b *busy
}

func (o busyOne) CancelOperation(ctx context.Context, _ generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	o.b.came <- server.RequestID(ctx)
	return generated.CancelOperation200Response{}, o.b.act(ctx)
}

func (o busyOne) GetFaultOperationList(ctx context.Context, _ generated.GetFaultOperationListRequestObject) (generated.GetFaultOperationListResponseObject, error) {
	o.b.came <- server.RequestID(ctx)
	return generated.GetFaultOperationList200JSONResponse{}, o.b.act(ctx)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask sends a request and returns what will be its answer.
func (b *busy) ask(ctx context.Context, t *testing.T, method, target, id string) <-chan answer {
	t.Helper()
	r, err := parse(method, target)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-ServiceFabricRequestId", id)
	got := make(chan answer, 1)
	go func() {
		w := httptest.NewRecorder()
		defer close(got)
		defer func() { _ = recover() }()
		b.ServeHTTP(w, r.WithContext(ctx))
		got <- shaped(t, w.Code, w.Header(), w.Body.Bytes())
	}()
	synctest.Wait()
	return got
}

// What is too much waits its turn, for so long, and is then refused without being carried out.
func TestLimitsAtOnce(t *testing.T) {
	post, get := http.MethodPost, http.MethodGet
	for _, tt := range []struct {
		name       string
		limits     server.Limits
		before     int // requests that are under way
		listBefore int // lists that are
		method     string
		target     string
		want       want
		after      time.Duration
	}{
		{"99 are under way", server.Limits{}, 99, 0, post, gracefully, ok, 10 * time.Second},
		{"100 are", server.Limits{}, 100, 0, post, gracefully, tooBusy, time.Second},
		{"fewer, of one's own", server.Limits{Requests: 3}, 3, 0, post, gracefully, tooBusy, time.Second},
		{"9 lists are", server.Limits{}, 0, 9, get, everything, ok, 10 * time.Second},
		{"10 lists are", server.Limits{}, 0, 10, get, everything, tooBusy, time.Second},
		{"one list may be where few requests may", server.Limits{Requests: 3}, 0, 1, get, everything, tooBusy, time.Second},
		{"lists of one's own", server.Limits{Lists: 2}, 0, 2, get, everything, tooBusy, time.Second},
		{"more lists than requests", server.Limits{Requests: 2, Lists: 5}, 0, 2, get, everything, tooBusy, time.Second},
		{"a cancel comes through where lists do not", server.Limits{}, 0, 10, post, gracefully, ok, 10 * time.Second},
		{"a list counts as a request", server.Limits{Requests: 2, Lists: 1}, 1, 1, post, gracefully, tooBusy, time.Second},
		{"nobody may wait", server.Limits{Requests: 1, Queue: -1}, 1, 0, post, gracefully, tooBusy, 0},
		{"nobody waits", server.Limits{Requests: 1, Wait: -1}, 1, 0, post, gracefully, tooBusy, 0},
		{"longer", server.Limits{Requests: 1, Wait: 3 * time.Second}, 1, 0, post, gracefully, tooBusy, 3 * time.Second},
		{"as long as it takes", server.Limits{Requests: 1, Wait: time.Minute}, 1, 0, post, gracefully, ok, 20 * time.Second},
		{"its own timeout is shorter, and nothing has happened", server.Limits{Requests: 1, Wait: time.Minute}, 1, 0, post, gracefully + "&timeout=2", tooBusy, 2 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBusy(t, tt.limits)
				for range tt.before {
					b.ask(t.Context(), t, post, gracefully, "before")
				}
				for range tt.listBefore {
					b.ask(t.Context(), t, get, everything, "before")
				}
				if got := b.Load(); got != (server.Load{Running: tt.before + tt.listBefore, Lists: tt.listBefore}) {
					t.Errorf("before: got %+v", got)
				}
				start := time.Now()
				got := <-b.ask(t.Context(), t, tt.method, tt.target, "it")
				if took := time.Since(start); got.want != tt.want || took != tt.after {
					t.Errorf("got %v after %v, want %v after %v", got.want, took, tt.want, tt.after)
				}
				close(b.came)
				carriedOut := false
				for id := range b.came {
					carriedOut = carriedOut || id == "it"
				}
				refused, retry := tt.want == tooBusy, got.header.Get("Retry-After")
				if carriedOut == refused || (retry == "1") != refused {
					t.Errorf("carried out %t, Retry-After %q of %v", carriedOut, retry, got.want)
				}
				if n := b.Load().Refused; (n == 1) != refused {
					t.Errorf("%d were refused", n)
				}
				time.Sleep(time.Minute)
				if got := b.Load(); got.Running+got.Lists+got.Waiting != 0 {
					t.Errorf("after: got %+v, want none", got)
				}
			})
		})
	}
}

// Whoever waits longer comes first, the queue has an end, and whoever goes makes room in it.
func TestLimitsQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBusy(t, server.Limits{Requests: 1, Queue: 3, Wait: time.Minute})
		b.ask(t.Context(), t, http.MethodPost, gracefully, "under way")
		first := b.ask(t.Context(), t, http.MethodPost, gracefully, "first")
		ctx, leave := context.WithCancel(t.Context())
		gone := b.ask(ctx, t, http.MethodPost, gracefully, "gone")
		b.ask(t.Context(), t, http.MethodPost, gracefully, "second")
		if got := <-b.ask(t.Context(), t, http.MethodPost, gracefully, "too many"); got.want != tooBusy {
			t.Errorf("got %v, want %v", got.want, tooBusy)
		}
		leave()
		if got, w := <-gone, (want{503, generated.ErrorCodeAbort}); got.want != w {
			t.Errorf("who left got %v, want %v", got.want, w)
		}
		third := b.ask(t.Context(), t, http.MethodPost, gracefully, "third")
		if got := b.Load(); got != (server.Load{Running: 1, Waiting: 3, Refused: 1}) {
			t.Errorf("got %+v", got)
		}
		for _, got := range []answer{<-first, <-third} {
			if got.want != ok {
				t.Errorf("got %v, want %v", got.want, ok)
			}
		}
		for _, id := range []string{"under way", "first", "second", "third"} {
			if got := <-b.came; got != id {
				t.Errorf("%q came, want %q", got, id)
			}
		}
	})
}

// A turn ends with the work, however it ends, and not with an answer that nobody reads.
func TestLimitsEndWithTheWork(t *testing.T) {
	for name, act := range map[string]func(context.Context) error{
		"a panic":    func(context.Context) error { panic("at the disco") },
		"an abort":   func(context.Context) error { panic(http.ErrAbortHandler) },
		"an error":   func(context.Context) error { return context.Canceled },
		"an answer":  func(context.Context) error { return nil },
		"a deadline": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBusy(t, server.Limits{Requests: 1})
				b.act = act
				<-b.ask(t.Context(), t, http.MethodPost, gracefully, "it")
				if got := b.Load(); got != (server.Load{}) {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
	t.Run("an answer that is slow to be read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBusy(t, server.Limits{Requests: 1})
			b.act = func(context.Context) error { return nil }
			r, err := parse(http.MethodGet, everything)
			if err != nil {
				t.Fatal(err)
			}
			w := slowReader{httptest.NewRecorder(), make(chan struct{})}
			go b.ServeHTTP(w, r)
			synctest.Wait()
			if got := b.Load(); got != (server.Load{}) {
				t.Errorf("got %+v", got)
			}
			close(w.read)
		})
	})
}

type slowReader struct {
	*httptest.ResponseRecorder
	read chan struct{}
}

func (s slowReader) Write(p []byte) (int, error) {
	<-s.read
	return s.ResponseRecorder.Write(p)
}

func TestLimitsThatCannotBe(t *testing.T) {
	for _, l := range []server.Limits{{Requests: -1}, {Lists: -1}} {
		if h, err := server.New(&spy{}, server.WithLimits(l)); err == nil || h != nil {
			t.Errorf("%+v: no error", l)
		}
	}
}
