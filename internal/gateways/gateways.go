// Package gateways selects among the addresses of one cluster.
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

// The bounds of the backoff of a failed address. The backoff is random in
// its upper half, so that clients do not come back at the same time.
const (
	minLeave = time.Second
	maxLeave = time.Minute
)

// Set has the addresses of one cluster. The zero value has none. It is safe for concurrent use after the
// last Add.
type Set struct {
	mu  sync.Mutex
	all []Gateway // fixed after the last Add
	at  int       // the index of the address in use
}

// Gateway is one address.
type Gateway struct {
	To      generated.Base
	Address string // the same as text, with a trailing slash

	normal   string // the same in normal form
	failures int    // since the last answer
	rests    time.Time
}

// Add adds an address in the form of [generated.ParseBase]. A duplicate is an error.
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

// Find returns the gateway with an address, compared in normal form; nil if there is none.
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

// normal returns the normal form of an address from ParseBase, for comparison: lower case, without the
// default port of the scheme, and without the trailing dot of the host (RFC 3986 §6.2).
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

// Cluster returns the identity of a cluster without a name: all addresses, sorted.
func (s *Set) Cluster() string {
	var all []string
	for _, o := range s.all {
		all = append(all, o.normal)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// Pick returns the address for the next request: the one in use, or the next one that is not backing off.
// If every address is backing off, it is the one that becomes available soonest.
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

// Several reports whether there is more than one address.
func (s *Set) Several() bool { return len(s.all) > 1 }

// Fresh reports whether the address has not failed since its last answer, so that a request need not wait.
func (s *Set) Fresh(o *Gateway) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return o.failures == 0
}

// Report records whether an address answered. It returns true if requests now go to another address.
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

// MustEncrypt returns an error if secrets would be sent unencrypted.
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

// Addresses returns all addresses in the order of Add, with a trailing slash.
func (s *Set) Addresses() (all []string) {
	for _, o := range s.all {
		all = append(all, o.Address)
	}
	return all
}
