package wrapper_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/racedetector"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// misbehaving is a gateway over TLS that answers its requests by a script and records each request that it has read. It
// speaks HTTP/1.1 or HTTP/2, as the client negotiates.
type misbehaving struct {
	script func(n int) deed // of request n, from 0

	mu   sync.Mutex
	seen []string // the request ids
}

// deed is how a request that was read is answered.
type deed int

const (
	answers200    deed = iota // an empty 200, or an empty list
	closesBefore              // closes the connection before the first byte of an answer
	closesAfter               // closes the connection within the answer
	closesIdle                // 200, and then closes the connection
	refusesStream             // RST_STREAM REFUSED_STREAM
	protocolError             // RST_STREAM PROTOCOL_ERROR, after the request was carried out
	internalError             // RST_STREAM INTERNAL_ERROR
	goesAway                  // GOAWAY that says the request was not processed
)

func (m *misbehaving) note(id string) deed {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = append(m.seen, id)
	return m.script(len(m.seen) - 1)
}

// take returns the ids of the requests read since the last call of take.
func (m *misbehaving) take() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.seen
	m.seen = nil
	return seen
}

// serve listens, and returns the address.
func (m *misbehaving) serve(t *testing.T, cert tls.Certificate) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}})
	must(t, err)
	var open sync.WaitGroup
	t.Cleanup(open.Wait)
	t.Cleanup(func() { _ = l.Close() })
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(t.Context(), func() { _ = conn.Close() })
			open.Go(func() {
				defer stop()
				defer conn.Close()
				if c := conn.(*tls.Conn); c.HandshakeContext(t.Context()) != nil {
					return
				} else if c.ConnectionState().NegotiatedProtocol == "h2" {
					m.serve2(conn)
				} else {
					m.serve1(conn)
				}
			})
		}
	})
	return "https://" + l.Addr().String()
}

func (m *misbehaving) serve1(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body := ""
		if r.Method == http.MethodGet {
			body = "[]"
		}
		whole := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		switch m.note(r.Header.Get("X-ServiceFabricRequestId")) {
		case closesBefore, refusesStream, protocolError, internalError, goesAway:
			return
		case closesAfter:
			_, _ = io.WriteString(conn, whole[:12])
			return
		case closesIdle:
			_, _ = io.WriteString(conn, whole)
			return
		default:
			_, _ = io.WriteString(conn, whole)
		}
	}
}

func (m *misbehaving) serve2(conn net.Conn) {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(conn, preface); err != nil {
		return
	}
	f := http2.NewFramer(conn, conn)
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_ = f.WriteSettings()
	var id, method string
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				_ = f.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if !frame.IsAck() {
				_ = f.WritePing(true, frame.Data)
			}
		case *http2.MetaHeadersFrame:
			id, method = "", frame.PseudoValue("method")
			for _, field := range frame.RegularFields() {
				if strings.EqualFold(field.Name, "X-ServiceFabricRequestId") {
					id = field.Value
				}
			}
			if !m.answer2(f, frame.StreamID, m.note(id), method) {
				return
			}
		}
	}
}

// answer2 answers a request, and reports whether the connection stays open.
func (m *misbehaving) answer2(f *http2.Framer, stream uint32, d deed, method string) bool {
	var header bytes.Buffer
	_ = hpack.NewEncoder(&header).WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
	whole := http2.HeadersFrameParam{StreamID: stream, BlockFragment: header.Bytes(), EndHeaders: true, EndStream: method == http.MethodPost}
	switch d {
	case closesBefore:
		return false
	case closesAfter:
		whole.EndStream = false
		_ = f.WriteHeaders(whole)
		return false
	case refusesStream:
		return f.WriteRSTStream(stream, http2.ErrCodeRefusedStream) == nil
	case protocolError:
		return f.WriteRSTStream(stream, http2.ErrCodeProtocol) == nil
	case internalError:
		return f.WriteRSTStream(stream, http2.ErrCodeInternal) == nil
	case goesAway:
		_ = f.WriteGoAway(0, http2.ErrCodeNo, nil)
		return false
	case answers200, closesIdle:
	}
	_ = f.WriteHeaders(whole)
	if method == http.MethodGet {
		_ = f.WriteData(stream, true, []byte("[]"))
	}
	return d != closesIdle
}

// Every request that a server reads is reported to the caller: no layer below the call retries a request, whatever the
// server does with it, over HTTP/1.1 or over HTTP/2 with a caller's own client. By itself net/http retries a GET when a
// kept connection ends, and any request over HTTP/2 after REFUSED_STREAM, PROTOCOL_ERROR or GOAWAY.
func TestEachRequestIsSentOnce(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	cert := ca.issue(t, "cluster")
	deeds := map[string]deed{
		"closes before an answer": closesBefore, "closes within an answer": closesAfter, "closes after an answer": closesIdle,
		"REFUSED_STREAM": refusesStream, "PROTOCOL_ERROR": protocolError, "INTERNAL_ERROR": internalError, "GOAWAY": goesAway,
	}
	clients := map[string]func() wrapper.Option{
		"own transport": func() wrapper.Option { return wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()}) },
		"a caller's HTTP/2": func() wrapper.Option {
			return wrapper.WithHTTPClient(&http.Client{Transport: &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: ca.pool()}, ForceAttemptHTTP2: true,
			}})
		},
		"HTTP/2, and middleware that replaces contexts": func() wrapper.Option {
			return wrapper.Options(
				wrapper.WithHTTPClient(&http.Client{Transport: &http.Transport{
					TLSClientConfig: &tls.Config{RootCAs: ca.pool()}, ForceAttemptHTTP2: true,
				}}),
				wrapper.WithAttemptMiddleware(func(next http.RoundTripper) http.RoundTripper {
					return roundTrip(func(r *http.Request) (*http.Response, error) {
						return next.RoundTrip(r.WithContext(context.WithoutCancel(r.Context())))
					})
				}))
		},
		"a caller's HTTP/1.1": func() wrapper.Option {
			return wrapper.WithHTTPClient(&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.pool()}}})
		},
	}
	calls := map[string]func(ctx context.Context, c *wrapper.Client) error{
		"cancel": func(ctx context.Context, c *wrapper.Client) error { return cancelWith(ctx, c, false) },
		"force":  func(ctx context.Context, c *wrapper.Client) error { return cancelWith(ctx, c, true) },
		"list":   func(ctx context.Context, c *wrapper.Client) error { _, err := c.Operations(ctx); return err },
		"start": func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.StartDataLoss(ctx, orders, generated.DataLossModePartialDataLoss, wrapper.StartOptions{})
			return err
		},
	}
	for what, d := range deeds {
		for who, how := range clients {
			for name, call := range calls {
				for _, warm := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s/%s/warm %t", what, who, name, warm), func(t *testing.T) {
						t.Parallel()
						m := &misbehaving{script: func(n int) deed {
							if warm {
								n--
							}
							if n == 0 || n == 1 {
								return d
							}
							return answers200
						}}
						var reported []string
						client := newClient(t, m.serve(t, cert), how(), fastWith(6), wrapper.WithForcePolicy(wrapper.ServerDecides{}), wrapper.WithObserver(func(_ context.Context, e wrapper.Event) {
							if e.Name == "request" {
								reported = append(reported, e.Attempt.RequestID.String())
							}
						}))
						ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
						defer cancel()
						if warm {
							_, err := client.Operations(ctx)
							must(t, err)
						}
						err := call(ctx, client)
						if errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("got %v, want no timeout", err)
						}
						// A reported request may not have been read, if its connection had already ended.
						seen, left := m.take(), reported
						for _, id := range seen {
							at := slices.Index(left, id)
							if at < 0 {
								t.Fatalf("got requests\n%s\nat the server, want only the reported ones, once each\n%s", seen, reported)
							}
							left = left[at+1:]
						}
						if len(seen) == 0 {
							t.Error("got no requests at the server, want at least one")
						}
					})
				}
			}
		}
	}
}

// After a connection ended without an answer, the call uses new connections, because those in the pool are as old. So
// calls succeed even if the server closes each connection shortly after an answer.
func TestNewConnectionAfterALoss(t *testing.T) {
	t.Parallel()
	for name, own := range map[string]bool{"own transport": true, "a caller's client": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
			must(t, err)
			var open sync.WaitGroup
			t.Cleanup(open.Wait)
			t.Cleanup(func() { _ = l.Close() })
			open.Go(func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					stop := context.AfterFunc(t.Context(), func() { _ = conn.Close() })
					open.Go(func() { // answers one request, reads another, and closes the connection
						defer stop()
						defer conn.Close()
						in := bufio.NewReader(conn)
						r, err := http.ReadRequest(in)
						if err != nil {
							return
						}
						body := ""
						if r.Method == http.MethodGet {
							body = `[{"OperationId":"` + opID.String() + `","State":"RollingBack","Type":"PartitionDataLoss"}]`
						}
						_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
						_, _ = http.ReadRequest(in)
					})
				}
			})
			options := []wrapper.Option{wrapper.WithForcePolicy(wrapper.ServerDecides{})}
			if !own {
				options = append(options, wrapper.WithHTTPClient(&http.Client{Transport: new(http.Transport)}))
			}
			client := newClient(t, "http://"+l.Addr().String(), options...)
			for range 40 {
				got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
				if err != nil {
					t.Fatalf("cancel: got %+v, %v, want no error", got, err)
				}
				got, err = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
				if err != nil {
					t.Fatalf("force: got %+v, %v, want no error", got, err)
				}
			}
			client.Close()
		})
	}
}

// Each request has a User-Agent and a unique id, which is reported to the caller.
func TestRequestIDAndUserAgent(t *testing.T) {
	t.Parallel()
	var ids, agents []string
	p := serving(answer{status: 503}, done)
	p.onServe = func(r *http.Request) {
		ids, agents = append(ids, r.Header.Get("X-ServiceFabricRequestId")), append(agents, r.UserAgent())
	}
	var inMiddleware []uuid.UUID
	record := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			_, sent, _ := wrapper.AttemptFrom(r.Context())
			inMiddleware = append(inMiddleware, sent.RequestID)
			return next.RoundTrip(r)
		})
	}
	got, err := directClient(t, p, wrapper.WithRetry(fast), wrapper.WithAttemptMiddleware(record)).Cancel(t.Context(), opID, wrapper.CancelOptions{})
	must(t, err)
	if len(ids) != 2 || ids[0] == ids[1] || len(inMiddleware) != 2 {
		t.Fatalf("got ids %q, and %v in middleware, want two different ones", ids, inMiddleware)
	}
	for n, a := range got.Attempts {
		if a.RequestID.String() != ids[n] || inMiddleware[n] != a.RequestID || a.RequestID == (uuid.UUID{}) {
			t.Errorf("request %d: got id %s in the result and %s in middleware, want %s as sent", n+1, a.RequestID, inMiddleware[n], ids[n])
		}
		if !strings.HasPrefix(agents[n], "sfcancel/") || len(agents[n]) == len("sfcancel/") {
			t.Errorf("request %d: got User-Agent %q, want sfcancel/VERSION", n+1, agents[n])
		}
	}
	lost := serving(answer{status: 503}, answer{status: 504}, answer{status: 429})
	_, err = directClient(t, lost, fastWith(3)).Cancel(t.Context(), opID, wrapper.CancelOptions{})
	e := asError(t, err, wrapper.ErrOutcomeUnknown)
	if want := e.Attempts()[1].RequestID; e.RequestID() != want {
		t.Errorf("got request id %s in the error, want %s, the last with an unknown outcome", e.RequestID(), want)
	}
	_, err = directClient(t, serving(answer{status: 403})).Cancel(t.Context(), opID, wrapper.CancelOptions{})
	if id := asError(t, err, wrapper.ErrServerRefused).RequestID(); id != (uuid.UUID{}) {
		t.Errorf("got request id %s in a refusal, want none", id)
	}
}

// After warm-up no connection is dialled in 10 000 calls of 128 callers, whether they succeed or fail, over TCP and
// over TLS with HTTP/2. By default net/http would keep two connections.
func TestNoDialsAfterWarmUp(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { noDialsAfterWarmUp(t, secure) })
		})
	}
}

// atOnce makes retries without pauses, for a bubble with sockets. There a goroutine that reads from a socket keeps the
// clock of the bubble from advancing, so a pause would never end. For the same reason, net/http does not give up a
// connection whose write has not ended 50 ms after the answer, which happens on a busy machine.
func atOnce(burst int) wrapper.Option {
	return wrapper.WithRetry(wrapper.Retry{Base: 1, BusyBase: 1, Cap: 1, Burst: burst})
}

func noDialsAfterWarmUp(t *testing.T, secure bool) {
	t.Helper()
	const callers = 128
	calls := int64(10_000)
	if racedetector.On || testing.Short() { // make whole makes all of them
		calls = 2_000
	}
	c := newCluster(t, server.Runtime)
	makeForced(t, c)
	page := strings.Repeat("x", 100<<10)
	var n, dialled atomic.Int64
	var together sync.WaitGroup // until every caller has a request in progress
	together.Add(callers)
	warm := make(chan struct{})
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-warm:
		default:
			together.Done()
			<-warm
		}
		switch n.Add(1) % 10 { // three of ten requests fail, each in its own way
		case 3:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(page))
		case 6:
			w.WriteHeader(http.StatusForbidden)
		case 9:
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			c.server.ServeHTTP(w, r)
		}
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			dialled.Add(1)
		}
	}
	options := []wrapper.Option{atOnce(int(calls))}
	if secure {
		srv.EnableHTTP2 = true
		srv.StartTLS()
		options = append(options, wrapper.WithTLS(wrapper.TLS{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}))
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	client := newClient(t, srv.URL, options...)

	one := func(i int64) {
		switch i % 4 {
		case 0:
			_, _ = client.Operations(t.Context())
		case 1:
			_, _ = client.Cancel(t.Context(), opID, wrapper.CancelOptions{}) // 400
		case 2:
			_, _ = client.Cancel(t.Context(), uuid.UUID{9}, wrapper.CancelOptions{}) // 404 and a list
		default:
			_, _ = client.Operation(t.Context(), opID)
		}
	}
	var wg sync.WaitGroup
	for i := range int64(callers) {
		wg.Go(func() { one(i) })
	}
	together.Wait()
	close(warm)
	wg.Wait()
	before := dialled.Load()
	var made atomic.Int64
	for range callers {
		wg.Go(func() {
			for i := made.Add(1); i <= calls; i = made.Add(1) {
				one(i)
			}
		})
	}
	wg.Wait()
	if more := dialled.Load() - before; more != 0 {
		t.Errorf("got %d connections dialled in %d calls after the first %d, want 0", more, calls, before)
	}
	t.Logf("%d connections, %d requests", before, n.Load())
}

// openConns counts the open connections of a server.
type openConns struct {
	mu   sync.Mutex
	open map[net.Conn]bool
}

func (o *openConns) serve(tb testing.TB, handler http.Handler) string {
	tb.Helper()
	o.open = map[net.Conn]bool{}
	srv := httptest.NewUnstartedServer(handler)
	srv.Config.ConnState = func(conn net.Conn, s http.ConnState) {
		o.mu.Lock()
		defer o.mu.Unlock()
		switch s {
		case http.StateNew:
			o.open[conn] = true
		case http.StateClosed:
			delete(o.open, conn)
		default:
		}
	}
	srv.Start()
	tb.Cleanup(srv.Close)
	return srv.URL
}

func (o *openConns) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.open)
}

// waitFor waits until the server has the wanted number of open connections.
func (o *openConns) waitFor(tb testing.TB, want int) {
	tb.Helper()
	if !happens(func() bool { return o.count() == want }) {
		tb.Errorf("got %d open connections, want %d", o.count(), want)
	}
}

// happens waits until what reports true, for up to a minute, which is enough for a slow machine. It reports whether
// that happened.
func happens(what func() bool) bool {
	for end := time.Now().Add(time.Minute); !what(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
