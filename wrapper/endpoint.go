package wrapper

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// WithEndpoints adds further gateway addresses of the same cluster to the one that [New]
// was given, each of the same form. Any gateway reaches the fault service (runtime §7), so
// that they are equal.
//
// The client stays with one address as long as that answers, because a warm connection
// is worth many new ones. It goes to the next one, without a pause unless the server asked
// for one, when a connection is refused, when no answer comes, and on 502 and 503. An
// address that failed is left alone for a while: a second at first, twice as long after
// each further failure, a minute at most; then it may be used again. If all of them
// are, the one whose time is over first is used.
//
// What may have been carried out is not simply sent to another address: the list is read
// there first, and what it tells decides what is sent.
func WithEndpoints(more ...string) Option {
	return func(c *Client) error {
		var errs []error
		for i, address := range more {
			if err := c.endpoints.add(address); err != nil {
				errs = append(errs, fmt.Errorf("WithEndpoints, address %d: %w", i+1, err))
			}
		}
		return errors.Join(errs...)
	}
}

// The bounds of how long an address that failed is left alone. The pause is drawn from
// the upper half, so that clients do not come back together.
const (
	minLeave = time.Second
	maxLeave = time.Minute
)

// endpoints are the addresses of one cluster. The zero value has none.
type endpoints struct {
	mu  sync.Mutex
	all []endpoint // none is added once the client is made
	at  int        // the one in use
}

type endpoint struct {
	to       generated.Base
	base     string // the same as text, with a slash at the end
	normal   string // the same as every client would write it
	failures int    // since it last answered
	rests    time.Time
}

func (e *endpoints) add(address string) error {
	to, err := generated.ParseBase(address)
	if err != nil {
		return err
	}
	u, err := url.Parse(to.String())
	if err != nil {
		return err
	}
	added := endpoint{to: to, base: to.String(), normal: normal(u)}
	if slices.ContainsFunc(e.all, func(o endpoint) bool { return o.normal == added.normal }) {
		return errors.New("the endpoint is named twice")
	}
	e.all = append(e.all, added)
	return nil
}

// normal is an address in the form in which equal ones are equal: lower case, without the
// port of its scheme, and without the last point of the host (RFC 3986 §6.2).
func normal(u *url.URL) string {
	u = u.JoinPath()
	u.Scheme = strings.ToLower(u.Scheme)
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), strings.TrimLeft(u.Port(), "0")
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		host = "[" + ip.String() + "]"
	}
	if port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host += ":" + port
	}
	u.Host = host
	return u.String()
}

// cluster is what stands for the cluster if it has no name: all addresses, sorted.
func (e *endpoints) cluster() string {
	var all []string
	for _, o := range e.all {
		all = append(all, o.normal)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// pick is where the next request goes: to the address in use unless it rests.
func (e *endpoints) pick() *endpoint {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	best := e.at
	for i := range e.all {
		at := (e.at + i) % len(e.all)
		if !e.all[at].rests.After(now) {
			best = at
			break
		}
		if e.all[at].rests.Before(e.all[best].rests) {
			best = at
		}
	}
	e.at = best
	return &e.all[best]
}

func (e *endpoints) several() bool { return len(e.all) > 1 }

// fresh reports whether a request to this address need not wait for an earlier failure.
func (e *endpoints) fresh(o *endpoint) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return o.failures == 0
}

// report notes whether an address answered. It says whether requests go elsewhere now.
func (e *endpoints) report(o *endpoint, answered bool) (leaves bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case answered:
		o.failures, o.rests = 0, time.Time{}
	case len(e.all) > 1:
		now := time.Now()
		leaves = o == &e.all[e.at] && !o.rests.After(now)
		rest := min(minLeave<<min(o.failures, 10), maxLeave)
		o.rests = now.Add(rest/2 + rand.N(rest/2))
		o.failures++
	}
	return leaves
}

// blames reports whether an attempt failed because of the address it went to.
func blames(a Attempt) bool {
	return a.cut && !a.local || a.Status == http.StatusBadGateway || a.Status == http.StatusServiceUnavailable
}

// mustEncrypt checks that nothing that has to be secret travels in the clear.
func (e *endpoints) mustEncrypt(certificates, tokens bool) error {
	for _, o := range e.all {
		u, err := url.Parse(o.base)
		switch {
		case err != nil || u.Scheme == "https":
		case certificates:
			return errors.New("TLS: an endpoint begins with http://, so nothing would be encrypted or checked: write https://")
		case tokens && !loopback(u.Hostname()):
			return errors.New("a bearer token would travel in the clear: the endpoints must begin with https://")
		}
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
