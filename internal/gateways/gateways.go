// Package gateways chooses among the addresses of one cluster.
package gateways

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// The bounds of how long an address that failed is left alone. The pause is drawn from
// the upper half, so that clients do not come back together.
const (
	minLeave = time.Second
	maxLeave = time.Minute
)

// Set is the addresses of one cluster. The zero value has none. It is safe for concurrent use once all are
// added.
type Set struct {
	mu  sync.Mutex
	all []Gateway // none is added later
	at  int       // the one in use
}

// Gateway is one address.
type Gateway struct {
	To      generated.Base
	Address string // the same as text, with a slash at the end

	normal   string // the same as every client would write it
	failures int    // since it last answered
	rests    time.Time
}

// Add adds an address, which [generated.ParseBase] describes. None may be there twice.
func (s *Set) Add(address string) error {
	to, err := generated.ParseBase(address)
	if err != nil {
		return err
	}
	u, err := url.Parse(to.String())
	if err != nil {
		return err
	}
	added := Gateway{To: to, Address: to.String(), normal: normal(u)}
	if slices.ContainsFunc(s.all, func(o Gateway) bool { return o.normal == added.normal }) {
		return errors.New("the endpoint is named twice")
	}
	s.all = append(s.all, added)
	return nil
}

// Find is the gateway at an address, in whichever form that is written; nil if there is none.
func (s *Set) Find(address string) *Gateway {
	var one Set
	if one.Add(address) != nil {
		return nil
	}
	for i := range s.all {
		if s.all[i].normal == one.all[0].normal {
			return &s.all[i]
		}
	}
	return nil
}

// normal is an address that ParseBase has written, in the form in which equal ones are equal: lower case, without the
// port of its scheme, and without the last point of the host (RFC 3986 §6.2).
func normal(u *url.URL) string {
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

// Cluster is what stands for the cluster if it has no name: all addresses, sorted.
func (s *Set) Cluster() string {
	var all []string
	for _, o := range s.all {
		all = append(all, o.normal)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// Pick is where the next request goes: to the address in use unless it rests.
func (s *Set) Pick() *Gateway {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	best := s.at
	for i := range s.all {
		at := (s.at + i) % len(s.all)
		if !s.all[at].rests.After(now) {
			best = at
			break
		}
		if s.all[at].rests.Before(s.all[best].rests) {
			best = at
		}
	}
	s.at = best
	return &s.all[best]
}

// Several reports whether there is more than one.
func (s *Set) Several() bool { return len(s.all) > 1 }

// Fresh reports whether a request to this address need not wait for an earlier failure.
func (s *Set) Fresh(o *Gateway) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return o.failures == 0
}

// Report notes whether an address answered. It says whether requests go elsewhere now.
func (s *Set) Report(o *Gateway, answered bool) (leaves bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case answered:
		o.failures, o.rests = 0, time.Time{}
	case len(s.all) > 1:
		now := time.Now()
		leaves = o == &s.all[s.at] && !o.rests.After(now)
		rest := min(minLeave<<min(o.failures, 10), maxLeave)
		o.rests = now.Add(rest/2 + rand.N(rest/2))
		o.failures++
	}
	return leaves
}

// MustEncrypt checks that nothing that has to be secret travels in the clear.
func (s *Set) MustEncrypt(certificates, tokens bool) error {
	for _, o := range s.all {
		u, err := url.Parse(o.Address)
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

// Addresses are all, as they were added, with a slash at the end.
func (s *Set) Addresses() (all []string) {
	for _, o := range s.all {
		all = append(all, o.Address)
	}
	return all
}
