package wrapper_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// A redirect to another host is not followed: nothing comes there, neither a
// request nor the client certificate, not even a connection.
func TestTLSRedirect(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	cert, f := ca.issue(t, "cluster"), newFiles(t, ca.issue(t, "admin"), ca)
	eachProtocol(t, func(t *testing.T, proto string) {
		var came, asked atomic.Int32
		other := serveTLS(t, cert, proto, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came.Add(1) }), func(s *httptest.Server) {
			next := s.Config.ConnState
			s.Config.ConnState = func(c net.Conn, state http.ConnState) {
				came.Add(1)
				if next != nil {
					next(c, state)
				}
			}
		})
		for _, status := range []int{301, 302, 303, 307, 308} {
			for _, plain := range []bool{false, true} {
				gate := serveTLS(t, cert, proto, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					to := other
					if plain {
						to = strings.Replace(other, "https:", "http:", 1)
					}
					w.Header().Set("Location", to+r.URL.RequestURI())
					w.WriteHeader(status)
				}))
				client := newClient(t, gate, wrapper.WithTLS(f.tls()), wrapper.WithForcePolicy(wrapper.ServerDecides{}), wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1}))
				asked.Store(0)
				write, read := redirected(status)
				for _, force := range []bool{false, true} {
					if e := asError(t, cancelWith(t.Context(), client, force), write); e.Status() != status {
						t.Errorf("got %v", e)
					}
				}
				_, err := client.Operations(t.Context())
				wantKind(t, err, read)
				if asked.Load() != 3 {
					t.Errorf("%d: %d requests", status, asked.Load())
				}
			}
		}
		if came.Load() != 0 {
			t.Errorf("%d times somebody came to the other host", came.Load())
		}
	})
}

// The most that a client reads of an answer, and what may be on its way besides.
const (
	bound  = 16 << 20
	onWire = 16 << 20
)

// An answer of 1 GiB, or without end, is read to the bound; then the connection is closed.
func TestTLSCapped(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	cert := ca.issue(t, "cluster")
	eachProtocol(t, func(t *testing.T, proto string) {
		for _, status := range []int{200, 400, 503} {
			var written, ended atomic.Int64
			endpoint := serveTLS(t, cert, proto, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				defer ended.Add(1)
				w.WriteHeader(status)
				chunk := make([]byte, 64<<10)
				for written.Load() < 1<<30 {
					n, err := w.Write(chunk)
					written.Add(int64(n))
					if err != nil {
						return
					}
				}
			}))
			client := newClient(t, endpoint, fastWith(1), wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()}))
			_, err := client.Operations(t.Context())
			if e := asError(t, err, wrapper.ErrUnavailable); !strings.Contains(e.Error(), fmt.Sprintf("longer than %d bytes", bound)) || len(e.Body()) > 2<<10 {
				t.Errorf("%d: got %v, and kept %d bytes", status, e, len(e.Body()))
			}
			wantKind(t, cancelWith(t.Context(), client, false), wrapper.ErrOutcomeUnknown)
			happens(func() bool { return ended.Load() == 2 })
			if n := written.Load(); ended.Load() != 2 || n > 2*(bound+onWire) {
				t.Errorf("%d: %d answers ended, the server could write %d MiB", status, ended.Load(), n>>20)
			}
		}
	})
}

// A small answer that unpacks into 1 GiB is bounded by what it unpacks into.
func TestTLSCappedWhenUnpacked(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	endpoint := serveTLS(t, ca.issue(t, "cluster"), "HTTP/1.1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("nothing packed is asked for any more: this test has nothing to say")
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		chunk := make([]byte, 1<<20)
		for range 1 << 10 {
			if _, err := z.Write(chunk); err != nil {
				return
			}
		}
	}))
	client := newClient(t, endpoint, fastWith(1), wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()}))
	_, err := client.Operations(t.Context())
	if e := asError(t, err, wrapper.ErrUnavailable); !strings.Contains(e.Error(), fmt.Sprintf("longer than %d bytes", bound)) {
		t.Errorf("got %v", e)
	}
}

// An answer that comes a byte at a time, in its headers or in its body, ends with the
// time of the attempt. A read is then unavailable, and the outcome of a cancel unknown.
func TestTLSLoris(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	cert := ca.issue(t, "cluster")
	slowly := func(r *http.Request, sent func(n int), send func(byte) error) {
		for i := 0; r.Context().Err() == nil && send("x-slow: "[i%8]) == nil; i++ {
			sent(i + 1)
			select {
			case <-r.Context().Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
	body := func(w http.ResponseWriter, r *http.Request, sent func(n int)) {
		w.WriteHeader(http.StatusOK)
		slowly(r, sent, func(b byte) error {
			if _, err := w.Write([]byte{b}); err != nil {
				return err
			}
			return http.NewResponseController(w).Flush()
		})
	}
	headers := func(w http.ResponseWriter, r *http.Request, sent func(n int)) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\n"))
		slowly(r.WithContext(context.Background()), sent, func(b byte) error { _, err := conn.Write([]byte{b}); return err })
	}
	for _, tc := range []struct {
		name, proto string
		answer      func(w http.ResponseWriter, r *http.Request, sent func(n int))
	}{
		{"body", "HTTP/1.1", body},
		{"headers", "HTTP/1.1", headers},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			answer := func(sent func(n int), options ...wrapper.Option) *wrapper.Client {
				endpoint := serveTLS(t, cert, tc.proto, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tc.answer(w, r, sent) }))
				return newClient(t, endpoint, append(options, wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()}))...)
			}
			for kind, call := range map[error]func(context.Context, *wrapper.Client) error{
				wrapper.ErrUnavailable:    func(ctx context.Context, c *wrapper.Client) error { _, err := c.Operations(ctx); return err },
				wrapper.ErrOutcomeUnknown: gracefully,
			} {
				ctx, end := newUntilTold(t)
				client := answer(func(n int) {
					if n == 4 {
						end()
					}
				})
				start := time.Now()
				err := call(ctx, client)
				wantKind(t, err, kind)
				wantKind(t, err, context.DeadlineExceeded)
				if d := time.Since(start); d > time.Minute {
					t.Errorf("it took %v", d)
				}
			}
			if tc.name != "body" {
				return
			}
			// Without a deadline the limit of the attempt ends it: the server's time and 5 s. If
			// no answer has begun by then, the next try has more.
			for seconds := 1; ; seconds *= 2 {
				var began atomic.Bool
				client := answer(func(int) { began.Store(true) }, fastWith(1))
				start, timeout := time.Now(), time.Duration(seconds)*time.Second
				_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{Timeout: timeout})
				if !began.Load() && timeout < time.Minute {
					continue
				}
				if e := asError(t, err, wrapper.ErrOutcomeUnknown); !strings.Contains(e.Error(), fmt.Sprintf("no answer within %ds", seconds+5)) {
					t.Errorf("got %v", err)
				}
				if d := time.Since(start); d > timeout+time.Minute {
					t.Errorf("it took %v", d)
				}
				break
			}
		})
	}
}
