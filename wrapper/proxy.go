package wrapper

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/sfcancel/sfcancel/internal/clienttls"
)

// WithProxy sets which proxy is on the way to an endpoint, as Proxy of [http.Transport] does:
// http.ProxyURL names one, http.ProxyFromEnvironment looks at HTTPS_PROXY, HTTP_PROXY and NO_PROXY. The
// default is none, whatever the environment says. It cannot be combined with [WithHTTPClient].
//
// find is asked with a request that has the scheme and the host of an endpoint and nothing else, by several
// goroutines at once; a nil URL is no proxy. With an error, or an address that begins with neither http://
// nor https://, nothing is sent. The user and password of the address are for the proxy.
//
// An https:// endpoint is reached through a tunnel, in which [WithTLS] means what it means without a
// proxy: pins, dates and names are those of the server, and the client certificate is shown to the server
// alone. A proxy at https:// is verified with the system's roots. Requests to an http:// endpoint are
// the proxy's to read, so that one with a bearer token is not sent through it, nor to this machine either.
func WithProxy(find func(*http.Request) (*url.URL, error)) Option {
	return func(c *Client) error {
		if find == nil {
			return errors.New("the proxy is nil")
		}
		c.proxy = find
		return nil
	}
}

// way is the proxy without those that would see a token.
func (c *Client) way() clienttls.Proxy {
	if c.proxy == nil || c.tokens == nil {
		return c.proxy
	}
	return func(r *http.Request) (*url.URL, error) {
		proxy, err := c.proxy(r)
		if err == nil && proxy != nil && r.URL.Scheme == "http" {
			err = fmt.Errorf("%w is sent in the clear: the endpoints must begin with https://", errNoToken)
		}
		return proxy, err
	}
}
