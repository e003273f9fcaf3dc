package wrapper

import (
	"errors"
	"math"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/sfcancel/sfcancel/internal/clienttls"
)

// newTransport is what a client uses when the caller brings none. It reads no
// environment: a caller behind a proxy brings a client that knows it. As many idle
// connections are kept as there were callers at once; net/http alone would keep two a host.
//
// It speaks HTTP/1.1 alone, as the gateways and all their clients do. Over HTTP/2 net/http
// sends requests again by itself, keeps connections that are dead, and cannot show a client
// certificate that is asked for late.
func newTransport(dialTLS clienttls.Dial) *http.Transport {
	only := new(http.Protocols)
	only.SetHTTP1(true)
	return &http.Transport{
		Protocols:              only,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		DialTLSContext:         dialTLS,
		MaxIdleConnsPerHost:    math.MaxInt,
		MaxResponseHeaderBytes: maxHeader,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
	}
}

// ownTransport is the transport of a client to which the caller brings none.
type ownTransport struct{ *clienttls.Transport }

func (o *ownTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	f := flightOf(r.Context())
	if f == nil {
		f = new(flight)
	}
	return o.Send(r, f.fresh, f.unread)
}

// userAgent names this module and its version, as the program knows it that was built.
func userAgent() string {
	const path, name = "github.com/sfcancel/sfcancel", "sfcancel/"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return name + "unknown"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == path && m.Version != "" {
			return name + strings.Trim(m.Version, "()")
		}
	}
	return name + "unknown"
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
