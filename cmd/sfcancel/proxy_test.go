package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// aProxy carries tunnels and plain requests, and counts both.
func aProxy(t *testing.T, to string) (url string, tunnels, requests *atomic.Int32) {
	t.Helper()
	tunnels, requests = new(atomic.Int32), new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			requests.Add(1)
			out := r.Clone(r.Context())
			out.URL.Host, out.RequestURI = to, ""
			answer, err := http.DefaultTransport.RoundTrip(out)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			defer answer.Body.Close()
			w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
			w.WriteHeader(answer.StatusCode)
			_, _ = io.Copy(w, answer.Body)
			return
		}
		tunnels.Add(1)
		far, err := new(net.Dialer).DialContext(r.Context(), "tcp", to)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		near, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
		go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
	}))
	t.Cleanup(srv.Close)
	return srv.URL, tunnels, requests
}

// A proxy comes from the flag or the environment. A pinned common name is verified through the proxy.
func TestProxy(t *testing.T) {
	p := newTestPKI(t)
	url := securedBy(t, p)
	host := strings.TrimPrefix(url, "https://")
	_, port, _ := net.SplitHostPort(host)
	far := "https://sf1.example.test:" + port
	proxy, tunnels, _ := aProxy(t, host)
	certs := []string{"--cert", p.file("admin.pem"), "--key", p.file("admin.key"), "--ca", p.file("ca.pem"), "--server-common-name", "server"}
	for _, c := range []struct {
		name string
		env  string
		args []string
		code int
	}{
		{"by flag", "", append([]string{"--proxy", proxy}, certs...), exitOK},
		{"by the environment", proxy, certs, exitOK},
		{"another certificate", proxy, append(certs[:6:6], "--server-common-name", "other"), exitNotSent},
		{"an invalid proxy", "", append([]string{"--proxy", "socks"}, certs...), exitUsage},
		{"no proxy", proxy, append([]string{"--proxy", ""}, certs...), exitNotSent},
	} {
		t.Setenv("HTTPS_PROXY", c.env)
		before := tunnels.Load()
		code, out, errs := sfcancel(t, append(append([]string{"list"}, c.args...), "--endpoint", far)...)
		if code != c.code {
			t.Errorf("%s: exit %d, want %d: %s%s", c.name, code, c.code, out, errs)
		}
		if through, want := tunnels.Load() > before, c.code == exitOK || c.name == "another certificate"; through != want {
			t.Errorf("%s: got a tunnel through the proxy: %t, want %t", c.name, through, want)
		}
	}
}

// Plain HTTP is sent through a proxy as requests, without a tunnel. A token over plain HTTP is refused.
func TestProxyOfPlainHTTP(t *testing.T) {
	url := serveInTest(t, "--freeze", "--host", "sf1.example.test")
	proxy, _, requests := aProxy(t, strings.TrimPrefix(url, "http://"))
	if code, out, errs := sfcancel(t, "list", "--proxy", proxy, "--endpoint", "http://sf1.example.test"); code != exitOK || requests.Load() != 1 {
		t.Errorf("exit %d after %d requests, want %d after 1: %s%s", code, requests.Load(), exitOK, out, errs)
	}
	if code, _, errs := sfcancel(t, "list", "--proxy", proxy, "--endpoint", "http://sf1.example.test", "--token-command", "echo x"); code != exitUsage || !strings.Contains(errs, "https://") {
		t.Errorf("a token over plain HTTP: exit %d, want %d: %s", code, exitUsage, errs)
	}
}
