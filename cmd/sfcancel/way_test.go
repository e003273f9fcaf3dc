package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// aWay is a way in a bubble, and a request over it that is answered so.
func aWay(t *testing.T, impatient bool) (ctx context.Context, out *bytes.Buffer, ask func(url string, status int, err error)) {
	t.Helper()
	ctx, end := context.WithCancelCause(t.Context())
	out = new(bytes.Buffer)
	w := &way{stderr: out, blank: func(text string) string { return text }, end: end}
	w.watch(ctx, impatient)
	return ctx, out, func(url string, status int, err error) {
		r, failed := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if failed != nil {
			t.Fatal(failed)
		}
		again, _ := w.around(roundTripper(func(*http.Request) (*http.Response, error) {
			if err != nil {
				return nil, err
			}
			return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("{}"))}, nil
		})).RoundTrip(r)
		if again != nil {
			_ = again.Body.Close()
		}
	}
}

// Without a connection a command ends after 5 s, unless it was told how long it may take.
func TestNoConnectionEndsEarly(t *testing.T) {
	for _, impatient := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			ctx, _, _ := aWay(t, impatient)
			time.Sleep(firstContact + time.Millisecond)
			synctest.Wait()
			if ended := errors.Is(context.Cause(ctx), errUnreachable); ended != impatient {
				t.Errorf("impatient %t: it ended: %t (%v)", impatient, ended, context.Cause(ctx))
			}
		})
	}
}

// After a second of failures a line says so, once; an answer makes it needless.
func TestTryingAgainIsSaid(t *testing.T) {
	const url = "http://sf1.example.com:19080/"
	for name, c := range map[string]struct {
		play func(ask func(string, int, error))
		want string
	}{
		"a failure before": {func(ask func(string, int, error)) {
			ask(url, 0, errors.New("connection refused"))
			time.Sleep(2 * time.Second)
		}, "sfcancel: no answer from sf1.example.com:19080: connection refused; trying again\n"},
		"failures after": {func(ask func(string, int, error)) {
			time.Sleep(2 * time.Second)
			ask(url, http.StatusServiceUnavailable, nil)
			ask(url, 0, errors.New("another"))
		}, "sfcancel: sf1.example.com:19080 answers 503; trying again\n"},
		"an answer in time": {func(ask func(string, int, error)) {
			ask(url, 0, errors.New("connection refused"))
			ask(url, http.StatusOK, nil)
			time.Sleep(2 * time.Second)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, out, ask := aWay(t, false)
				c.play(ask)
				synctest.Wait()
				if out.String() != c.want {
					t.Errorf("got %q, want %q", out, c.want)
				}
			})
		})
	}
}

// The port of the native protocol ends a command with its first failure, and not with an answer.
func TestNativePortEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, _, ask := aWay(t, false)
		ask("http://sf1.example.com:19000/", http.StatusOK, nil)
		if err := context.Cause(ctx); err != nil {
			t.Errorf("after an answer: %v", err)
		}
		ask("http://sf1.example.com:19000/", 0, errors.New("malformed HTTP response"))
		if err := context.Cause(ctx); !errors.Is(err, errNative) {
			t.Errorf("after a failure: %v", err)
		}
	})
}
