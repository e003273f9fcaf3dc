package wrapper

import (
	"net"
	"net/http"
	"time"
)

// newTransport is what a client uses when the caller brings none. It reads no
// environment: a caller behind a proxy brings a client that knows it. Idle
// connections are kept for as many concurrent callers as there may be; net/http
// alone would keep two a host.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
}
