package guard_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/internal/guard"
)

// closed is a body that says when it is closed.
type closed chan struct{}

func (c closed) Read([]byte) (int, error) { <-c; return 0, io.EOF }
func (c closed) Close() error             { close(c); return nil }

func TestWithin(t *testing.T) {
	t.Parallel()
	const limit = time.Second
	for _, tc := range []struct {
		name     string
		call     func(ctx context.Context, g *guard.Guard)
		took     time.Duration
		returned bool
	}{
		{"a call that returns", func(context.Context, *guard.Guard) {}, 0, true},
		{"a call that heeds its context", func(ctx context.Context, _ *guard.Guard) { <-ctx.Done() }, limit, true},
		{"a call that takes a little longer", func(ctx context.Context, _ *guard.Guard) {
			<-ctx.Done()
			time.Sleep(249 * time.Millisecond)
		}, limit + 249*time.Millisecond, true},
		{"a call that heeds nothing", func(context.Context, *guard.Guard) { time.Sleep(time.Hour) }, limit + 250*time.Millisecond, false},
		{"a read of a body that heeds its Close", func(_ context.Context, g *guard.Guard) {
			var body io.ReadCloser = make(closed)
			g.Body.Store(&body)
			_, _ = body.Read(nil)
		}, limit, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, end := context.WithTimeout(t.Context(), limit)
				begin, g := time.Now(), new(guard.Guard)
				returned := g.Within(ctx, end, func() { tc.call(ctx, g) })
				if took := time.Since(begin); returned != tc.returned || took != tc.took {
					t.Errorf("got %v after %v, want %v after %v", returned, took, tc.returned, tc.took)
				}
				time.Sleep(time.Hour) // for what was left behind
			})
		})
	}
}

// A panic of the call is one of the caller, in whose goroutine it can be recovered.
func TestPanicReachesTheCaller(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	defer func() {
		if got := recover(); got != "mine" {
			t.Errorf("got %v, want the panic of the call", got)
		}
	}()
	new(guard.Guard).Within(ctx, end, func() { panic("mine") })
	t.Error("there was no panic")
}

// runtime.Goexit, with which a test ends, ends the caller, too.
func TestGoexitReachesTheCaller(t *testing.T) {
	t.Parallel()
	went := make(chan bool, 1)
	go func() {
		defer close(went)
		ctx, end := context.WithCancel(t.Context())
		new(guard.Guard).Within(ctx, end, func() { new(testing.T).SkipNow() })
		went <- true
	}()
	if <-went {
		t.Error("the caller went on")
	}
}
