package server_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

func TestTimeoutParameter(t *testing.T) {
	with := func(text string) string { return gracefully + "&timeout=" + text }
	older := func(text string) string {
		return cancelPath + "?api-version=5.9&Force=false&OperationId=" + id + "&timeout=" + text
	}
	ignored := timeout(60, -1)
	run(t, []row{
		{name: "runtime §3: default 60", target: gracefully, documented: ok, runtime: ok, sees: ignored},
		{name: "runtime §3: 60", target: with("60"), documented: ok, runtime: ok, sees: timeout(60, 60)},
		{name: "runtime §3: smallest", target: with("1"), documented: ok, runtime: ok, sees: timeout(1, 1)},
		{name: "runtime §3: largest", target: with("4294967295"), documented: ok, runtime: ok, sees: timeout(4294967295, 4294967295)},
		{name: "runtime §3: abc is ignored", target: with("abc"), documented: invalid, runtime: ok, sees: ignored},
		{name: "runtime §3: -1 is ignored", target: with("-1"), documented: invalid, runtime: ok, sees: ignored},
		{name: "runtime §3: 1.5 is ignored", target: with("1.5"), documented: invalid, runtime: ok, sees: ignored},
		{name: "runtime §3: 0x10 is ignored", target: with("0x10"), documented: invalid, runtime: ok, sees: ignored},
		{name: "runtime §3: 4294967296 is ignored", target: with("4294967296"), documented: invalid, runtime: ok, sees: ignored},
		{name: "runtime §3: 0 is refused", target: with("0"), documented: invalid, runtime: invalid},
		{name: "runtime §3: 000 is 0", target: with("000"), documented: invalid, runtime: invalid},
		{name: "runtime §3: lower-case name", target: gracefully + "&Timeout=0", documented: ok, runtime: ok, sees: ignored},
		{name: "runtime §3: empty value is absent", target: with(""), documented: ok, runtime: ok, sees: ignored},
		{name: "Parse.cpp: plus", target: with("+5"), documented: invalid, runtime: ok, sees: timeout(5, 5)},
		{name: "zeros in front", target: with("0005"), documented: ok, runtime: ok, sees: timeout(5, 5)},
		{name: "runtime §9.1: works below 6.0", target: older("5"), documented: ok, runtime: ok, sees: timeout(5, 5)},
		{name: "below 6.0 no document speaks of it, abc", target: older("abc"), documented: ok, runtime: ok, sees: ignored},
		{name: "below 6.0 no document speaks of it, 4294967296", target: older("4294967296"), documented: ok, runtime: ok, sees: ignored},
		{name: "below 6.0 no document speaks of it, 0", target: older("0"), documented: invalid, runtime: invalid},
	})
}

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
