package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/sfcancel/sfcancel/internal/clienttls"
	"github.com/sfcancel/sfcancel/internal/gateways"
	"github.com/sfcancel/sfcancel/wrapper"
)

// errProxy is a proxy that does not let a connection through.
var errProxy = errors.New("the proxy")

// proxyFor says which proxy leads to an address: the one of --proxy, else what HTTPS_PROXY, HTTP_PROXY and
// NO_PROXY have. An empty --proxy is none.
func proxyFor(flag string, given bool) (func(*url.URL) (*url.URL, error), error) {
	if !given {
		return httpproxy.FromEnvironment().ProxyFunc(), nil
	}
	if flag == "" {
		return func(*url.URL) (*url.URL, error) { return nil, nil }, nil
	}
	proxy, err := url.Parse(flag)
	if err != nil || proxy.Host == "" || proxy.Scheme != "http" && proxy.Scheme != "https" {
		return nil, usage(errors.New("--proxy: it must be http://HOST:PORT or https://HOST:PORT"))
	}
	return func(*url.URL) (*url.URL, error) { return proxy, nil }, nil
}

// proxyOfEnvironment is the proxy that the environment has for the first gateway, without its password; "" for none.
func (c *connection) proxyOfEnvironment() string {
	if len(c.endpoints) == 0 {
		return ""
	}
	u, err := url.Parse(c.endpoints[0])
	if err != nil {
		return ""
	}
	proxy, err := httpproxy.FromEnvironment().ProxyFunc()(u)
	if err != nil || proxy == nil {
		return ""
	}
	return proxy.Redacted()
}

// throughProxy is the option for gateways of which at least one is behind a proxy, nil if none is. A TLS connection goes
// through a tunnel (RFC 9110 §9.3.6), so that certificates are judged as without a proxy.
func (c *connection) throughProxy(secured bool, tokens bool, find func(*url.URL) (*url.URL, error)) (wrapper.Option, error) {
	if addresses(c.endpoints) == "" { // the client says what is wrong with them
		return nil, nil
	}
	needed := false
	var set gateways.Set
	for _, endpoint := range c.endpoints {
		u, err := url.Parse(endpoint)
		if err := errors.Join(err, set.Add(endpoint)); err != nil {
			return nil, usage(err)
		}
		proxy, err := find(u)
		if err != nil {
			return nil, usage(fmt.Errorf("the proxy of the environment: %w", err))
		}
		needed = needed || proxy != nil
	}
	if !needed {
		return nil, nil
	}
	if err := set.MustEncrypt(secured, tokens); err != nil {
		return nil, usage(err)
	}
	t, err := clienttls.New(clienttls.Settings(c.tls), func(dialTLS clienttls.Dial) *http.Transport {
		return proxied(find, dialTLS)
	}, func(context.Context, error) {})
	if err != nil {
		return nil, usage(err)
	}
	return wrapper.WithHTTPClient(&http.Client{Transport: proxyTransport{t}}), nil
}

// proxied is a transport as that of package wrapper, whose connections go through proxies.
func proxied(find func(*url.URL) (*url.URL, error), dialTLS clienttls.Dial) *http.Transport {
	only := new(http.Protocols)
	only.SetHTTP1(true)
	return &http.Transport{
		Protocols: only,
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Scheme == "https" { // that is in the dialing
				return nil, nil
			}
			return find(r.URL)
		},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			proxy, err := find(&url.URL{Scheme: "https", Host: addr})
			if err != nil {
				return nil, err
			}
			if proxy == nil || addr == address(proxy) {
				return dialer.DialContext(ctx, network, addr)
			}
			return tunnel(ctx, proxy, addr)
		},
		DialTLSContext:         dialTLS,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
	}
}

var dialer = &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}

// address is what is dialled for a URL.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		if port = "80"; u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// tunnel makes a connection through a proxy.
func tunnel(ctx context.Context, proxy *url.URL, addr string) (net.Conn, error) {
	conn, err := dialer.DialContext(ctx, "tcp", address(proxy))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProxy, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(dialer.Timeout))
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
	var answer *http.Response
	// Without ctx, whose hooks are those of the request that is to go through.
	if err = request.Write(conn); err == nil {
		// What follows the answer comes when this side has spoken, so that nothing is left in the buffer.
		answer, err = http.ReadResponse(bufio.NewReader(conn), request) //nolint:bodyclose // the connection is the body
	}
	switch {
	case err != nil:
		_ = conn.Close()
		return nil, fmt.Errorf("%w: %w", errProxy, err)
	case answer.StatusCode != http.StatusOK:
		_ = conn.Close()
		return nil, fmt.Errorf("%w answers %d to CONNECT", errProxy, answer.StatusCode)
	}
	_ = conn.SetDeadline(time.Time{})
	return conn, nil
}

// proxyTransport is a transport of certificates for package wrapper.
type proxyTransport struct{ *clienttls.Transport }

func (t proxyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.Send(r, false, func(error) bool { return false })
}
