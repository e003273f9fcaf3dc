package otel_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

func answer(r *http.Request, body string) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: 200, Proto: "HTTP/2.0", ProtoMajor: 2,
		Header: make(http.Header), Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: r,
	}
}

// What a transport fails with has few names.
func TestErrorTypes(t *testing.T) {
	t.Parallel()
	cases := []struct {
		err  error
		want string
	}{
		{errors.New("secret"), "_OTHER"},
		{fmt.Errorf("a: %w", io.EOF), "connection_lost"},
		{io.ErrUnexpectedEOF, "connection_lost"},
		{&net.OpError{Op: "read", Err: errors.New("reset")}, "connection_lost"},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, "connection_failed"},
		{&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "secret"}}, "name_not_resolved"},
		{&net.DNSError{Err: "late", IsTimeout: true}, "timeout"},
		{&tls.CertificateVerificationError{Err: errors.New("expired")}, "server_certificate_invalid"},
		{fmt.Errorf("%w: no token", wrapper.ErrNotSent), "not_sent"},
		{context.DeadlineExceeded, "timeout"},
		{context.Canceled, "canceled"},
	}
	for _, tc := range cases {
		m := newTelemetry(t)
		read(t, m, "http://c", func(*http.Request) (*http.Response, error) { return nil, tc.err })
		if attrs := attributes(m.named("GET /Faults/").Attributes()); !strings.Contains(attrs, "error.type string "+tc.want+"\n") {
			t.Errorf("%v: want %s in\n%s", tc.err, tc.want, attrs)
		}
	}
}

// Whoever sets the time, and wherever it ends, the request says that it was time.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		fault  sftest.Fault
		option wrapper.Option
		bound  func(context.Context) (context.Context, context.CancelFunc)
		want   string
	}{
		{"of the attempt, without an answer", sftest.HangAfter(), wrapper.WithRetry(wrapper.Retry{AttemptTimeout: time.Second, MaxAttempts: 1}), context.WithCancel, `
			sfcancel.cancel attempts=1 error=outcome_unknown !
			  POST /Faults/$/Cancel graceful ambiguous error=timeout !`},
		{"of the context, without an answer", sftest.HangAfter(), fastWith(1), within(time.Second), `
			sfcancel.cancel attempts=1 error=outcome_unknown !
			  POST /Faults/$/Cancel graceful ambiguous error=timeout !`},
		{"of the attempt, within an answer", sftest.Func(half), wrapper.WithRetry(wrapper.Retry{AttemptTimeout: time.Second, MaxAttempts: 1}), context.WithCancel, `
			sfcancel.cancel attempts=1 error=outcome_unknown !
			  POST /Faults/$/Cancel graceful ambiguous 200 error=timeout !`},
		{"of the caller, without an answer", sftest.HangAfter(), fastWith(1), cancelledIn(time.Second), `
			sfcancel.cancel attempts=1 error=outcome_unknown !
			  POST /Faults/$/Cancel graceful ambiguous error=canceled !`},
		{"of the caller, within an answer", sftest.Func(half), fastWith(1), cancelledIn(time.Second), `
			sfcancel.cancel attempts=1 error=outcome_unknown !
			  POST /Faults/$/Cancel graceful ambiguous 200 error=canceled !`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, m := sftest.NewCluster(t, sftest.WithClock(time.Now)), newTelemetry(t)
				id := c.Put(emulator.Record{})
				c.On(sftest.Graceful, tc.fault)
				ctx, cancel := tc.bound(t.Context())
				defer cancel()
				_, err := c.Client(tc.option, m.instrument()).Cancel(ctx, id, wrapper.CancelOptions{})
				if !errors.Is(err, wrapper.ErrOutcomeUnknown) {
					t.Errorf("got %v", err)
				}
				m.wantTree(tc.want)
				s := m.named("POST /Faults/$/Cancel")
				if d := s.EndTime().Sub(s.StartTime()); d != time.Second {
					t.Errorf("the request took %v, want a second: it includes the body", d)
				}
			})
		})
	}
}

// half answers half a body and hangs.
func half(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "[")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
}

func within(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
}

func cancelledIn(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(d, cancel)
		return ctx, cancel
	}
}

// reading is a body that does something when it is read.
type reading func()

func (f reading) Read([]byte) (int, error) { f(); return 0, io.EOF }
func (f reading) Close() error             { return nil }

// Whatever does not return leaves no span behind, and is not held up.
func TestPanics(t *testing.T) {
	t.Parallel()
	const inTransport = `
		sfcancel.list_operations attempts=0 error=panic !
		  GET /Faults/ read error=panic !`
	const inBody = `
		sfcancel.list_operations attempts=0 error=panic !
		  GET /Faults/ read 200 error=panic !`
	cases := []struct {
		name      string
		transport trip
		want      string
	}{
		{"a transport that panics", func(*http.Request) (*http.Response, error) { panic("secret") }, inTransport},
		{"a transport that exits", func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil }, inTransport},
		{"a body that panics", func(r *http.Request) (*http.Response, error) {
			a := answer(r, "")
			a.Body = reading(func() { panic("secret") })
			return a, nil
		}, inBody},
		{"a body that exits", func(r *http.Request) (*http.Response, error) {
			a := answer(r, "")
			a.Body = reading(runtime.Goexit)
			return a, nil
		}, inBody},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := newTelemetry(t)
			var wait sync.WaitGroup
			wait.Add(1)
			go func() {
				defer wait.Done()
				defer func() { _ = recover() }()
				read(t, m, "http://c", tc.transport)
				t.Error("the call has returned")
			}()
			wait.Wait()
			m.wantTree(tc.want)
			m.wantPoints("sfcancel.call.duration", `1 error.type=panic sfcancel.call=list_operations`)
			if strings.Contains(m.everything(), "secret") {
				t.Error("the panic was reported")
			}
		})
	}
	t.Run("a loop over a watch that panics", func(t *testing.T) {
		t.Parallel()
		c, m := sftest.NewCluster(t), newTelemetry(t)
		id := c.Put(emulator.Record{})
		func() {
			defer func() { _ = recover() }()
			for _, err := range c.Client(m.instrument()).Watch(t.Context(), id, wrapper.WaitOptions{}) {
				panic(fmt.Sprint("secret", err))
			}
		}()
		m.wantTree(`
			sfcancel.watch attempts=1 error=panic !
			  GET /Faults/ read done 200`)
	})
}
