package wrapper

import (
	"errors"
	"math"
	"net"
	"net/http"
	"time"
)

// newTransport is what a client uses when the caller brings none. It reads no
// environment: a caller behind a proxy brings a client that knows it. As many idle
// connections are kept as there were callers at once; net/http alone would keep two a host.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: math.MaxInt,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
}

// stayHere makes a redirect an answer like any other: following it would carry the
// call, and with it a force, to where nobody meant it to go. http.Client leaves a
// redirect that names no place alone; a CheckRedirect would come too late for one
// whose place cannot be read.
type stayHere struct{ next http.RoundTripper }

func (s stayHere) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(r)
	if response == nil && err == nil {
		return nil, errors.New("attempt middleware returned neither an answer nor an error")
	}
	if response != nil && response.StatusCode/100 == 3 {
		response.Header.Del("Location")
	}
	return response, err
}
