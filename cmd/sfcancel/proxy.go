package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"golang.org/x/net/http/httpproxy"

	"github.com/sfcancel/sfcancel/wrapper"
)

// proxyFor returns a function that chooses the proxy for an address: --proxy if it is given, else by HTTPS_PROXY,
// HTTP_PROXY and NO_PROXY. An empty --proxy means no proxy.
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

// proxyOfEnvironment returns the proxy of the environment for the first gateway, without its password, or "".
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

// throughProxy returns the option for a proxy. It returns an error if find fails for one of the gateways.
func (c *connection) throughProxy(find func(*url.URL) (*url.URL, error)) (wrapper.Option, error) {
	for _, endpoint := range c.endpoints {
		if u, err := url.Parse(endpoint); err == nil { // else the client reports the error
			if _, err := find(u); err != nil {
				return nil, usage(fmt.Errorf("the proxy of the environment: %w", err))
			}
		}
	}
	return wrapper.WithProxy(func(r *http.Request) (*url.URL, error) { return find(r.URL) }), nil
}
