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

// rest is how long a server that failed is tried only after all others. It also limits a dial.
const rest = time.Second

// answerTime limits how long a server may take to begin its answer. Without it, a server that hangs
// would block its share of the requests forever.
const answerTime = 5 * time.Second

// balancer sends requests to the servers in turn. It sends a request to another server only
// if nothing of it was sent to the first. Every other failure is a 502: only the client knows whether the
// request may be repeated.
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
			r.Out.URL.RawQuery = r.In.URL.RawQuery // unchanged, even if malformed: the server validates it
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
			out.Body = io.NopCloser(r.Body) // a failed dial would close the body
		}
		answer, err := b.transport.RoundTrip(out)
		if err == nil {
			return answer, nil
		}
		s.failed.Store(time.Now().UnixNano())
		errs = append(errs, err)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" {
			break // part of the request may have been sent
		}
	}
	return nil, errors.Join(errs...)
}

// inTurn returns all servers in round-robin order, those that failed recently last.
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
