package wrapper_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sfcancel/sfcancel/internal/clienttls"
	"github.com/sfcancel/sfcancel/wrapper"
)

// proxy is a proxy on 127.0.0.1 that connects every tunnel to the same address.
type proxy struct {
	at       string
	tunnels  atomic.Int32
	requests atomic.Int32
	password atomic.Value // Proxy-Authorization of the last tunnel
	seen     lockedBuffer // the bytes sent through tunnels to the server
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	p := new(proxy)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			p.requests.Add(1)
			_, _ = io.WriteString(w, "[]")
			return
		}
		p.tunnels.Add(1)
		p.password.Store(r.Header.Get("Proxy-Authorization"))
		upstream, err := new(net.Dialer).DialContext(r.Context(), "tcp", to)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(io.MultiWriter(upstream, &p.seen), client); _ = upstream.Close() }()
		go func() { _, _ = io.Copy(client, upstream); _ = client.Close() }()
	}))
	t.Cleanup(srv.Close)
	p.at = srv.URL
	return p
}

// through returns the option for a proxy at an address.
func through(t *testing.T, address string) wrapper.Option {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return wrapper.WithProxy(http.ProxyURL(u))
}

// HTTPS requests go through a tunnel, in which the server certificate is verified as without a proxy.
func TestProxyVerifiesServer(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	server := ca.issue(t, "server")
	f := newFiles(t, ca.issue(t, "client"), ca)
	var shown atomic.Value
	var tokens atomic.Value
	at := serveTLS(t, server, "HTTP/1.1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens.Store(r.Header.Get("Authorization") + r.Header.Get("Proxy-Authorization"))
		shown.Store("nothing")
		if certs := r.TLS.PeerCertificates; len(certs) > 0 {
			shown.Store(certs[0].Subject.CommonName)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "[]")
	}))
	p := newProxy(t, strings.TrimPrefix(at, "https://"))
	pair := wrapper.TLS{CertFile: f.cert, KeyFile: f.key}
	with := func(edit func(*wrapper.TLS)) wrapper.TLS {
		own := pair
		edit(&own)
		return own
	}
	for _, tc := range []struct {
		name string
		tls  wrapper.TLS
		good bool
	}{
		{"a thumbprint", with(func(t *wrapper.TLS) { t.ServerThumbprints = []string{ofSHA1(server)} }), true},
		{"a wrong thumbprint", with(func(t *wrapper.TLS) { t.ServerThumbprints = []string{strings.Repeat("0", 40)} }), false},
		{"a common name", with(func(t *wrapper.TLS) { t.CAFile, t.ServerCommonNames = f.ca, []string{"server"} }), true},
		{"a wrong common name", with(func(t *wrapper.TLS) { t.CAFile, t.ServerCommonNames = f.ca, []string{"other"} }), false},
		{"a host name that is not in it", with(func(t *wrapper.TLS) { t.CAFile = f.ca }), false},
		{"the roots of the system", pair, false},
	} {
		shown.Store("")
		before := p.tunnels.Load()
		client, err := wrapper.New("https://sf1.example.test:19080", through(t, strings.Replace(p.at, "http://", "http://me:secret@", 1)), wrapper.WithTLS(tc.tls),
			wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1}))
		must(t, err)
		_, err = client.Operations(t.Context())
		want := map[bool]string{true: "client", false: ""}[tc.good]
		if (err == nil) != tc.good || !tc.good && !errors.Is(err, wrapper.ErrNotSent) || shown.Load() != want || p.tunnels.Load() != before+1 {
			t.Errorf("%s: got %v, client certificate %q, %d tunnels, want success %t, %q, 1", tc.name, err, shown.Load(), p.tunnels.Load()-before, tc.good, want)
		}
		if p.password.Load() != "Basic bWU6c2VjcmV0" || tc.good && tokens.Load() != "" {
			t.Errorf("%s: got the credentials %q at the proxy and %q at the server, want the password at the proxy alone", tc.name, p.password.Load(), tokens.Load())
		}
		client.Close()
	}
	if seen := p.seen.String(); strings.Contains(seen, "api-version") || p.requests.Load() != 0 {
		t.Errorf("got %q and %d requests at the proxy, want only encrypted bytes", seen, p.requests.Load())
	}
}

// Requests over plain HTTP go to the proxy unencrypted, except those with a token, which are refused. The environment
// sets no proxy.
func TestProxyOfPlainHTTP(t *testing.T) {
	p := newProxy(t, "127.0.0.1:1")
	t.Setenv("HTTP_PROXY", p.at)
	secret := wrapper.WithTokenSource(func(context.Context, string) (string, error) { return "secret", nil })
	for _, tc := range []struct {
		name     string
		endpoint string
		options  []wrapper.Option
		requests int32
		good     bool
	}{
		{"by option", "http://sf1.example.test", []wrapper.Option{through(t, p.at)}, 1, true},
		{"the environment", "http://sf1.invalid", nil, 0, false},
		{"a token", "http://localhost:1", []wrapper.Option{through(t, p.at), secret}, 0, false},
		{"another scheme", "http://sf1.example.test", []wrapper.Option{through(t, "socks5://127.0.0.1:1")}, 0, false},
		{"an error", "http://sf1.example.test", []wrapper.Option{wrapper.WithProxy(func(*http.Request) (*url.URL, error) { return nil, errDisk })}, 0, false},
	} {
		before := p.requests.Load()
		client, err := wrapper.New(tc.endpoint, append(tc.options, wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1}))...)
		must(t, err)
		_, err = client.Operations(t.Context())
		if (err == nil) != tc.good || !tc.good && !errors.Is(err, wrapper.ErrNotSent) || p.requests.Load()-before != tc.requests {
			t.Errorf("%s: got %v, %d requests at the proxy, want success %t, %d", tc.name, err, p.requests.Load()-before, tc.good, tc.requests)
		}
	}
}

// If the proxy refuses the tunnel, the error has its status and is ErrNotSent.
func TestProxyRefuses(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(srv.Close)
	for address, status := range map[string]int{srv.URL: http.StatusProxyAuthRequired, "http://127.0.0.1:1": 0} {
		client, err := wrapper.New("https://sf1.example.test", through(t, address), wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1}))
		must(t, err)
		_, err = client.Operations(t.Context())
		failed := new(clienttls.ProxyError)
		if !errors.Is(err, wrapper.ErrNotSent) || !errors.As(err, &failed) || failed.Status != status {
			t.Errorf("%s: got %v, want %v with status %d of the proxy", address, err, wrapper.ErrNotSent, status)
		}
	}
}

func TestProxyInvalidOptions(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]wrapper.Option{
		"nil":                {wrapper.WithProxy(nil)},
		"with an own client": {through(t, "http://127.0.0.1:1"), wrapper.WithHTTPClient(new(http.Client))},
	} {
		if _, err := wrapper.New("http://localhost", options...); !errors.Is(err, wrapper.ErrInvalidArgument) {
			t.Errorf("%s: got %v, want %v", name, err, wrapper.ErrInvalidArgument)
		}
	}
}
