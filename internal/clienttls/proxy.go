package clienttls

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Proxy returns the proxy for the host of a request, as in [http.Transport]; a nil URL means no proxy.
type Proxy = func(*http.Request) (*url.URL, error)

// ProxyError means that the proxy is unreachable, or refuses the tunnel. Nothing of the request was sent.
type ProxyError struct {
	Status int   // of its answer to CONNECT; 0 if there was none
	Err    error // nil if there was an answer
}

func (e *ProxyError) Error() string {
	if e.Err != nil {
		return "the proxy: " + e.Err.Error()
	}
	return fmt.Sprintf("the proxy answers %d to CONNECT", e.Status)
}

// Unwrap returns Err.
func (e *ProxyError) Unwrap() error { return e.Err }

// inTheOpen returns the proxy for http:// only: https:// goes through a tunnel, which connect opens.
func inTheOpen(find Proxy) Proxy {
	return func(r *http.Request) (*url.URL, error) {
		if r.URL.Scheme == "https" {
			return nil, nil
		}
		return ask(find, &url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host})
	}
}

// ask returns the proxy for an address. Requests share connections, so the proxy must not depend on anything
// else of a request.
func ask(find Proxy, of *url.URL) (*url.URL, error) {
	proxy, err := find(&http.Request{Method: http.MethodGet, URL: of, Host: of.Host, Header: make(http.Header)})
	if err == nil && proxy != nil && (proxy.Scheme != "http" && proxy.Scheme != "https" || proxy.Host == "") {
		err = errors.New("its address must be http://HOST:PORT or https://HOST:PORT")
	}
	if err != nil {
		return nil, &ProxyError{Err: err}
	}
	return proxy, nil
}

// connect makes the connection beneath TLS: a tunnel (RFC 9110 §9.3.6) if there is a proxy.
func (o *Transport) connect(ctx context.Context, dial Dial, network, addr string) (net.Conn, error) {
	if o.proxy == nil {
		return dial(ctx, network, addr)
	}
	proxy, err := ask(o.proxy, &url.URL{Scheme: "https", Host: addr})
	switch {
	case err != nil:
		return nil, err
	case proxy == nil, addr == address(proxy): // net/http also dials the https:// proxy of an http:// request here
		return dial(ctx, network, addr)
	}
	conn, err := dial(ctx, network, address(proxy))
	if err != nil {
		return nil, &ProxyError{Err: err}
	}
	tunnel, err := openTunnel(ctx, conn, proxy, addr)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return tunnel, nil
}

// address returns the host and port of a proxy.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		if port = "80"; u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

const (
	tunnelTime = 10 * time.Second // the timeout for the answer of a proxy
	maxTunnel  = 64 << 10         // the maximum number of its bytes
)

func openTunnel(ctx context.Context, conn net.Conn, proxy *url.URL, addr string) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	raw := conn
	_ = raw.SetDeadline(time.Now().Add(tunnelTime))
	if ctx.Err() != nil { // SetDeadline may have replaced the one of AfterFunc
		return nil, ctx.Err()
	}
	if proxy.Scheme == "https" {
		conn = tls.Client(conn, &tls.Config{ServerName: proxy.Hostname(), MinVersion: tls.VersionTLS12})
	}
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: make(http.Header)}
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		request.SetBasicAuth(user.Username(), password)
		request.Header["Proxy-Authorization"] = request.Header["Authorization"]
		request.Header.Del("Authorization")
	}
	// Without ctx: its httptrace hooks belong to the request that goes through the tunnel.
	if err := request.Write(conn); err != nil {
		return nil, &ProxyError{Err: err}
	}
	// The client speaks first in the tunnel, so nothing after the answer is in the buffer.
	answer, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxTunnel)), request) //nolint:bodyclose // the connection is the body
	switch {
	case err != nil:
		return nil, &ProxyError{Err: err}
	case answer.StatusCode != http.StatusOK:
		return nil, &ProxyError{Status: answer.StatusCode}
	case !stop():
		return nil, ctx.Err()
	}
	_ = raw.SetDeadline(time.Time{})
	return conn, nil
}
