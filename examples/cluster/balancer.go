package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"
)

// rest is how long a server that failed is left alone.
const rest = time.Second

// answerTime is how long a server may take to begin an answer. One that hangs would hold
// up its share of the requests for ever.
const answerTime = 5 * time.Second

// balancer sends requests to the servers in turn. A request goes to another server only
// if nothing of it was sent; whatever else fails is a 502, and what became of it is for
// the client to find out: only the client knows what may be repeated.
type balancer struct {
	servers   []*server
	next      atomic.Uint64
	transport *http.Transport
}

type server struct {
	url    *url.URL
	failed atomic.Int64 // when it last failed, in nanoseconds of Unix time
}

// newBalancer returns a handler in front of the servers.
func newBalancer(urls []string) (http.Handler, error) {
	b := &balancer{transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: rest}).DialContext,
		ResponseHeaderTimeout: answerTime,
		MaxIdleConnsPerHost:   64,
	}}
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil {
			return nil, err
		}
		b.servers = append(b.servers, &server{url: u})
	}
	return &httputil.ReverseProxy{
		Transport: b,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.RawQuery = r.In.URL.RawQuery // as it came: the server judges it
			r.SetXForwarded()
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}, nil
}

// RoundTrip implements [http.RoundTripper].
func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	var errs []error
	for _, s := range b.inTurn() {
		out := r.Clone(r.Context())
		out.URL.Scheme, out.URL.Host, out.Host = s.url.Scheme, s.url.Host, s.url.Host
		if r.Body != nil {
			out.Body = io.NopCloser(r.Body) // a dial that fails would close it
		}
		answer, err := b.transport.RoundTrip(out)
		if err == nil {
			return answer, nil
		}
		s.failed.Store(time.Now().UnixNano())
		errs = append(errs, err)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" {
			break // something may have been sent
		}
	}
	return nil, errors.Join(errs...)
}

// inTurn is all servers, those first that have not failed lately.
func (b *balancer) inTurn() []*server {
	first := b.next.Add(1)
	var well, failing []*server
	for i := range b.servers {
		s := b.servers[(first+uint64(i))%uint64(len(b.servers))]
		if time.Since(time.Unix(0, s.failed.Load())) < rest {
			failing = append(failing, s)
		} else {
			well = append(well, s)
		}
	}
	return append(well, failing...)
}
