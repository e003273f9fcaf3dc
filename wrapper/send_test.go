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
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// misbehaving is a gateway over TLS that treats its requests as a script says, and notes each
// that it has read, in HTTP/1.1 or HTTP/2 as the client wants it.
type misbehaving struct {
	script func(n int) deed // of request n, from 0

	mu   sync.Mutex
	seen []string // the request ids
}

// deed is what happens to a request that was read.
type deed int

const (
	answers200    deed = iota // an empty 200, or an empty list
	closesBefore              // the connection ends before the first byte of an answer
	closesAfter               // it ends within the answer
	closesIdle                // 200, and then the connection ends
	refusesStream             // RST_STREAM REFUSED_STREAM
	protocolError             // RST_STREAM PROTOCOL_ERROR, after the request was carried out
	internalError             // RST_STREAM INTERNAL_ERROR
	goesAway                  // GOAWAY that disowns the request
)

func (m *misbehaving) note(id string) deed {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = append(m.seen, id)
	return m.script(len(m.seen) - 1)
}

// take returns the ids of the requests that were read since the last time.
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

// answer2 reports whether the connection goes on.
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

// What a server has read is what the caller is told of: nothing below the call sends a
// request a second time, whatever the server does to it, over HTTP/1.1 as over the HTTP/2 of a
// caller's own client. net/http alone does: a GET when a kept connection ends, and any request
// over HTTP/2 after REFUSED_STREAM, PROTOCOL_ERROR or GOAWAY.
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
		"HTTP/2, and middleware with contexts of its own": func() wrapper.Option {
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
						var told []string
						client := newClient(t, m.serve(t, cert), how(), fastWith(6), wrapper.WithForcePolicy(wrapper.ServerDecides{}), wrapper.WithObserver(func(_ context.Context, e wrapper.Event) {
							if e.Name == "request" {
								told = append(told, e.Attempt.RequestID.String())
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
							t.Errorf("got %v", err)
						}
						// One that was told may never have been read: its connection had ended already.
						seen, left := m.take(), told
						for _, id := range seen {
							at := slices.Index(left, id)
							if at < 0 {
								t.Fatalf("the server read %s again, or the caller is not told of it: read\n%s, told of\n%s", id, seen, told)
							}
							left = left[at+1:]
						}
						if len(seen) == 0 {
							t.Error("the server read nothing")
						}
					})
				}
			}
		}
	}
}

// After a connection ended without an answer the call uses new ones: what the pool holds is as
// old. A server that closes each connection shortly after its answer costs no verdict.
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
					open.Go(func() { // one answer, and whatever comes next is read and lost
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
					t.Fatalf("cancel: %+v, %v", got, err)
				}
				got, err = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
				if err != nil {
					t.Fatalf("force: %+v, %v", got, err)
				}
			}
			client.Close()
		})
	}
}

// Each request says who sends it, and has an id of its own that the caller is told.
func TestRequestsSayWhoTheyAre(t *testing.T) {
	t.Parallel()
	var ids, agents []string
	p := serving(answer{status: 503}, done)
	p.onServe = func(r *http.Request) {
		ids, agents = append(ids, r.Header.Get("X-ServiceFabricRequestId")), append(agents, r.UserAgent())
	}
	var heard []uuid.UUID
	tell := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			_, sent, _ := wrapper.AttemptFrom(r.Context())
			heard = append(heard, sent.RequestID)
			return next.RoundTrip(r)
		})
	}
	got, err := directClient(t, p, wrapper.WithRetry(fast), wrapper.WithAttemptMiddleware(tell)).Cancel(t.Context(), opID, wrapper.CancelOptions{})
	must(t, err)
	if len(ids) != 2 || ids[0] == ids[1] || len(heard) != 2 {
		t.Fatalf("the ids are %q, middleware heard %v, want two different ones", ids, heard)
	}
	for n, a := range got.Attempts {
		if a.RequestID.String() != ids[n] || heard[n] != a.RequestID || a.RequestID == (uuid.UUID{}) {
			t.Errorf("request %d carried %s, is told as %s and heard of as %s", n+1, ids[n], a.RequestID, heard[n])
		}
		if !strings.HasPrefix(agents[n], "sfcancel/") || len(agents[n]) == len("sfcancel/") {
			t.Errorf("request %d is from %q, want sfcancel/VERSION", n+1, agents[n])
		}
	}
	lost := serving(answer{status: 503}, answer{status: 504}, answer{status: 429})
	_, err = directClient(t, lost, fastWith(3)).Cancel(t.Context(), opID, wrapper.CancelOptions{})
	e := asError(t, err, wrapper.ErrOutcomeUnknown)
	if want := e.Attempts()[1].RequestID; e.RequestID() != want {
		t.Errorf("the error is about request %s, want %s, the last of which nobody knows what became", e.RequestID(), want)
	}
	_, err = directClient(t, serving(answer{status: 403})).Cancel(t.Context(), opID, wrapper.CancelOptions{})
	if id := asError(t, err, wrapper.ErrServerRefused).RequestID(); id != (uuid.UUID{}) {
		t.Errorf("a refusal is about request %s, want none", id)
	}
}

// After warm-up no connection is dialled: none in 10 000 calls of 128 callers, successes
// and errors alike, over TCP as over TLS and HTTP/2. net/http alone would keep two.
func TestNoDialsAfterWarmUp(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { noDialsAfterWarmUp(t, secure) })
		})
	}
}

// atOnce asks again at once, for a bubble with sockets. No time passes there, as a goroutine
// that reads from a socket may go on at any moment: a pause would never end. Neither does the
// twentieth of a second after which net/http gives up a connection whose write it has not heard
// to be over, though the answer is there. That is much for a wire, and little for a busy machine.
func atOnce(burst int) wrapper.Option {
	return wrapper.WithRetry(wrapper.Retry{Base: 1, BusyBase: 1, Cap: 1, Burst: burst})
}

func noDialsAfterWarmUp(t *testing.T, secure bool) {
	t.Helper()
	const callers = 128
	calls := int64(10_000)
	if underRace || testing.Short() { // make whole makes them all
		calls = 2_000
	}
	c := newCluster(t, server.Runtime)
	makeForced(t, c)
	page := strings.Repeat("x", 100<<10)
	var n, dialled atomic.Int64
	var together sync.WaitGroup // every caller has a request under way
	together.Add(callers)
	warm := make(chan struct{})
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-warm:
		default:
			together.Done()
			<-warm
		}
		switch n.Add(1) % 10 { // every tenth fails, each in another way
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
		t.Errorf("%d connections were dialled in %d calls, after the first %d", more, calls, before)
	}
	t.Logf("%d connections, %d requests", before, n.Load())
}

// openConns counts the connections of a server that are open.
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

// waitFor waits until the server has noticed.
func (o *openConns) waitFor(tb testing.TB, want int) {
	tb.Helper()
	if !happens(func() bool { return o.count() == want }) {
		tb.Errorf("%d connections are open, want %d", o.count(), want)
	}
}

// happens waits for what a server does in its own time, and reports whether it does it at all:
// a minute is no time for a machine to be fast in.
func happens(what func() bool) bool {
	for end := time.Now().Add(time.Minute); !what(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
