package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/server"
)

// pipes is a listener whose connections are net.Pipe, so that servers and
// clients run on the clock of a synctest bubble.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serving runs a server with the limits of NewHTTPServer until the test ends.
func serving(t *testing.T, h http.Handler) (*pipes, *http.Client) {
	t.Helper()
	p := newPipes()
	srv := server.NewHTTPServer(h, nil)
	stopped := make(chan error, 1)
	go func() { stopped <- srv.Serve(p) }()
	transport := &http.Transport{DialContext: p.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = srv.Close()
		if err := <-stopped; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("stopped with %v", err)
		}
	})
	return p, &http.Client{Transport: transport}
}

func fetch(t *testing.T, c *http.Client, target string) (answer, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://cluster"+target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	return shaped(t, resp.StatusCode, resp.Header, body), nil
}

// A long timeout outlives every limit of the server, and the connection is
// good for the next request.
func TestLongTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := serving(t, newHandler(t, &spy{act: func(ctx context.Context) error {
			select {
			case <-time.After(50 * time.Minute):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}))
		for range 2 {
			if got, err := fetch(t, client, gracefully+"&timeout=3600"); err != nil || got.want != ok {
				t.Errorf("got %v, %v", got.want, err)
			}
		}
		if got, err := fetch(t, client, gracefully); err != nil || got.status != 504 {
			t.Errorf("default timeout: got %v, %v", got.want, err)
		}
	})
}

// Within the margin a late success gets through. After it nothing does.
func TestLateAnswer(t *testing.T) {
	for _, tt := range []struct {
		late time.Duration
		ok   bool
	}{{29 * time.Second, true}, {31 * time.Second, false}} {
		t.Run(tt.late.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, client := serving(t, newHandler(t, &spy{act: func(context.Context) error {
					time.Sleep(10*time.Second + tt.late)
					return nil
				}}))
				got, err := fetch(t, client, gracefully+"&timeout=10")
				if tt.ok && (err != nil || got.want != ok) || !tt.ok && err == nil {
					t.Errorf("got %v, %v", got.want, err)
				}
			})
		})
	}
}

// exchangeRaw writes to a new connection and returns what comes back, and when.
func exchangeRaw(t *testing.T, p *pipes, text string) (string, time.Duration) {
	t.Helper()
	conn, err := p.dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	start := time.Now()
	go func() { _, _ = io.WriteString(conn, text) }()
	got, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, io.ErrClosedPipe) {
		t.Fatal(err)
	}
	return string(got), time.Since(start)
}

func TestLimits(t *testing.T) {
	tests := []struct {
		name, text, answer string
		after              time.Duration
	}{
		{"net/http: a header that does not come", "POST /Faults", "HTTP/1.1 400 ", 10 * time.Second},
		{"a body that does not come", "POST " + gracefully + " HTTP/1.1\r\nHost: c\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 400 ", 60 * time.Second},
		{"a connection that idles", "POST " + gracefully + " HTTP/1.1\r\nHost: c\r\n\r\n", "HTTP/1.1 200 OK", 120 * time.Second},
		{"a header that is too large", "POST / HTTP/1.1\r\nHost: c\r\nX: " + strings.Repeat("x", 70<<10) + "\r\n\r\n", "HTTP/1.1 431 ", 0},
		{"the longest node name fits", "GET /Faults/Nodes/" + strings.Repeat("%F0%9F%98%80", 4096) + "/$/GetTransitionProgress" + withID + " HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK", 0},
		{"OPTIONS * is refused like any other verb", "OPTIONS * HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n", "HTTP/1.1 400 ", 0},
		{"net/http: malformed request line", "POST\r\n\r\n", "HTTP/1.1 400 ", 0},
		{"net/http: bad percent sign in the path", "POST /%zz HTTP/1.1\r\nHost: c\r\n\r\n", "HTTP/1.1 400 ", 0},
		{"net/http: no Host", "POST / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", 0},
		{"net/http: unknown Expect", "POST / HTTP/1.1\r\nHost: c\r\nExpect: x\r\n\r\n", "HTTP/1.1 417 ", 0},
		{"net/http: unknown Transfer-Encoding", "POST / HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: x\r\n\r\n", "HTTP/1.1 501 ", 0},
		{"net/http: unknown protocol version", "POST / HTTP/3.9\r\nHost: c\r\n\r\n", "HTTP/1.1 505 ", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := serving(t, newHandler(t, &spy{}))
				got, after := exchangeRaw(t, p, tt.text)
				if !strings.HasPrefix(got, tt.answer) {
					t.Errorf("got %q, want %q", got, tt.answer)
				}
				if after.Truncate(time.Second) != tt.after {
					t.Errorf("after %v, want %v", after, tt.after)
				}
			})
		})
	}
}

// What net/http has to say goes to the logger, not to standard error.
func TestErrorLog(t *testing.T) {
	var log buffer
	server.NewHTTPServer(nil, log.logger()).ErrorLog.Print("http: panic serving")
	if !strings.Contains(log.String(), `"level":"WARN","msg":"http: panic serving"`) {
		t.Errorf("log %q", log.String())
	}
	server.NewHTTPServer(nil, nil).ErrorLog.Print("not a line")
}

// net/http repeats what a client sent, such as the protocols that it offers in a handshake.
func TestErrorLogIsPlain(t *testing.T) {
	var log buffer
	server.NewHTTPServer(nil, log.logger()).ErrorLog.Print("http: TLS handshake error: \u202e\u009b2J\nlevel=ERROR")
	if !strings.Contains(log.String(), `"msg":"http: TLS handshake error: \\u202e\\u009b2J; level=ERROR"`) {
		t.Errorf("log %s", log.String())
	}
}

// Requests as real clients put them on the wire (real clients §2).
func TestRealClients(t *testing.T) {
	const (
		sorted  = "?Force=false&OperationId=" + id + "&api-version=6.0&timeout=60"
		inOrder = "?api-version=6.0&OperationId=" + id + "&Force=false&timeout=60"
	)
	tests := []struct{ name, text, status string }{
		{"Go autorest 5.6", "POST /Faults/$/Cancel?Force=false&OperationId=" + id + "&api-version=3.0&timeout=60 HTTP/1.1\r\nHost: c\r\nUser-Agent: Go/go1.10 go-autorest/v10.8.1\r\nContent-Length: 0\r\nAccept-Encoding: gzip\r\n", "200 OK"},
		{"Go autorest 7.2", "POST /Faults/$/Cancel" + sorted + " HTTP/1.1\r\nHost: c\r\nContent-Length: 0\r\nAccept-Encoding: gzip\r\n", "200 OK"},
		{"azcore", "POST /Faults/$/Cancel?Force=true&OperationId=" + id + "&api-version=6.0 HTTP/1.1\r\nHost: c\r\nContent-Length: 0\r\nAccept: application/json\r\n", "200 OK"},
		{"npm", "POST /Faults/$/Cancel" + inOrder + " HTTP/1.1\r\nhost: c\r\ncontent-length: 0\r\nContent-Type: application/json; charset=utf-8\r\n", "200 OK"},
		{"npm list with a Content-Type", "GET /Faults/?api-version=6.0&TypeFilter=65535&StateFilter=65535&timeout=60 HTTP/1.1\r\nhost: c\r\nContent-Type: application/json; charset=utf-8\r\n", "200 OK"},
		{"Python", "POST /Faults/$/Cancel" + inOrder + " HTTP/1.1\r\nHost: c\r\nContent-Length: 0\r\nAccept: application/json\r\nAccept-Encoding: gzip, deflate\r\n", "200 OK"},
		{".NET", "POST /Faults/$/Cancel?OperationId=" + id + "&Force=True&timeout=60&api-version=6.0 HTTP/1.1\r\nHost: c\r\nExpect: 100-continue\r\nContent-Length: 0\r\nX-ServiceFabricRequestId: " + id + ":" + partition + "\r\nX-ServiceFabricClientType: CSharpClientlib-Linux\r\n", "200 OK"},
		{"a start with its trailing slash", "POST /Faults/Nodes/_Node_0/$/StartTransition/?api-version=6.0&OperationId=" + id + "&NodeTransitionType=Stop&NodeInstanceId=5&StopDurationInSeconds=600&timeout=60 HTTP/1.1\r\nHost: c\r\nContent-Length: 0\r\n", "202 Accepted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := serving(t, newHandler(t, &spy{}))
				got, _ := exchangeRaw(t, p, tt.text+"Connection: close\r\n\r\n")
				resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(got)), nil)
				if err != nil {
					t.Fatalf("%v: %q", err, got)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				shaped(t, resp.StatusCode, resp.Header, body)
				if resp.Status != tt.status {
					t.Errorf("got %s, want %s", resp.Status, tt.status)
				}
				if len(body) == 0 && resp.ContentLength != 0 {
					t.Errorf("an empty answer of length %d", resp.ContentLength)
				}
			})
		})
	}
}

func TestTLSConfig(t *testing.T) {
	cert := issue(t, nil, "server", ofServer)
	at := listen(t, bareHandler(t, &spy{}), server.TLSConfig(cert.tls()), cert.pool())
	for version, accepted := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			d := tls.Dialer{Config: &tls.Config{RootCAs: at.roots, MinVersion: version, MaxVersion: version}}
			conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(at.url, "https://"))
			if (err == nil) != accepted {
				t.Errorf("got %v", err)
			}
			if err == nil {
				_ = conn.Close()
			}
		})
	}
	if a, b := server.TLSConfig(cert.tls()), server.TLSConfig(cert.tls()); a == b {
		t.Errorf("TLSConfig of two callers: got %p for both, want two", a)
	}
}
