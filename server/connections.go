package server

import (
	"crypto/sha1" // thumbprints of Service Fabric are SHA-1
	"crypto/x509"
	"fmt"
	"runtime"
	"sync"
	"time"
	"weak"

	"github.com/sfcancel/sfcancel/internal/certfiles"
)

// connections holds what is known of the clients that are connected, so that what a certificate
// says and whether its chain is sound is found out once for a connection, however many requests
// come and whatever comes of them. The zero value knows nobody.
//
// There is no bound but the connections themselves, because any other one could be used up by
// strangers, and everybody's chain would be verified with each request again. What is kept of
// one is small beside what net/http keeps, and goes with it.
type connections struct {
	mu    sync.RWMutex
	known map[connection]*known
}

// connection names a connection by the list of certificates that crypto/tls made for it, which
// is the same one with every request, over HTTP/2 as well and in any copy of the state, and
// which nobody may change. A server that makes a new list for each request has each judged.
type connection struct {
	certificates weak.Pointer[*x509.Certificate]
	n            int // a part of a list is another list
}

// of returns what is known of the client that showed a chain, which is nothing at first.
func (cs *connections) of(chain []*x509.Certificate) *known {
	key := connection{weak.Make(&chain[0]), len(chain)}
	cs.mu.RLock()
	k := cs.known[key]
	cs.mu.RUnlock()
	if k != nil {
		return k
	}

	cs.mu.Lock()
	defer cs.mu.Unlock()
	if k = cs.known[key]; k != nil {
		return k
	}
	if cs.known == nil {
		cs.known = make(map[connection]*known)
	}
	k = new(known)
	cs.known[key] = k
	runtime.AddCleanup(&chain[0], cs.forget, key)
	return k
}

// forget is called some time after a connection has ended.
func (cs *connections) forget(key connection) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.known, key)
}

// known is what is known of the client of one connection. It keeps none of its certificates,
// which would keep the connection known for ever.
type known struct {
	mu      sync.Mutex // held while it is found out, so that the other requests wait for it
	client  client     // with the role of the lists; without a thumbprint nothing is known yet
	verdict verdict    // of its chain
}

// identify returns the client, with its role if it may come in at that moment. Chain is the one
// that it was asked for with.
func (k *known) identify(c *clients, chain []*x509.Certificate, now time.Time) (client, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	leaf := chain[0]
	if k.client.thumbprint == "" {
		thumbprint := sha1.Sum(leaf.Raw)
		k.client = client{
			thumbprint: fmt.Sprintf("%X", thumbprint),
			name:       excerpt(leaf.Subject.CommonName),
			role:       c.role(thumbprint, commonName(leaf)),
		}
	}

	// The lists come first, because they are cheap and a chain is not: a
	// stranger gets none verified.
	err := error(nil)
	switch {
	case k.client.role == 0:
		err = errUnknown
	case now.Before(leaf.NotBefore):
		err = errTooEarly
	case now.After(leaf.NotAfter):
		err = errExpired
	case certfiles.Weak(leaf) != nil:
		err = errWeak
	case c.ca == nil: // newClients allows thumbprints only
	case len(chain) > 1+maxIntermediates:
		err = errTooMany
	default:
		if !k.verdict.holds(now) {
			k.verdict = c.verify(chain, now)
		}
		err = k.verdict.err
	}
	who := k.client
	if err != nil {
		who.role = 0
	}
	return who, err
}
