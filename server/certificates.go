package server

import (
	"crypto/sha1" // thumbprints of Service Fabric are SHA-1
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"weak"

	"github.com/sfcancel/sfcancel/internal/certfiles"
)

// ClientCertificates says which clients [WithClientCertificates] lets in, and
// as what. It stands for the settings of a cluster that is secured with X.509
// certificates.
//
// An entry of Admin and User is one of:
//
//   - the thumbprint of a certificate: its SHA-1, 40 hexadecimal digits in any
//     letter case; colons and spaces in it do not matter;
//   - a common name, as CN=name or as the name alone. Letter case does not matter
//     in ASCII, and nothing in it stands for anything else. A name that is made
//     of hexadecimal digits, colons and spaces, or of 40 letters and digits,
//     needs the CN=.
//
// Either list may be nil, and an entry may stand in both: then it is an Admin.
type ClientCertificates struct {
	Admin, User []string

	// Roles turns the difference between the two lists on. While it is off,
	// which is the default as it is in the runtime, everybody in either of them
	// is an Admin.
	Roles bool

	// CA, if not nil, holds the roots that every client certificate must chain
	// to, be it known by thumbprint or by name, and be good for authenticating
	// clients. What others can forge counts for nothing, here and without a CA: an RSA key below 2048
	// bits, and a signature with SHA-1 or MD5. The signatures of a chain are checked once for a connection, its
	// dates with every request. Who sends more than ten certificates along is
	// turned away. A constraint that the pool has for a root is asked about each
	// intermediate as well, before the whole chain. Nil trusts a thumbprint as it is, self-signed or not, and allows
	// no names: without roots everybody can make a certificate with any name.
	// New copies it; later changes have no effect.
	CA *x509.CertPool
}

// WithClientCertificates lets in clients with these certificates only. The
// others get 403 with an empty body; a request that came without TLS is one of
// them, so a proxy cannot end the TLS in front of the handler. Serve it with
// [TLSConfig].
//
// It is an error if nobody could get in, if an entry is blank or a malformed
// thumbprint, and if there is a common name without a CA. The default is no
// security: everybody is an [Admin].
func WithClientCertificates(cc ClientCertificates) Option {
	return func(c *config) error {
		clients, err := newClients(cc)
		if err != nil {
			return err
		}
		c.clients, c.roster = clients, nil
		return nil
	}
}

// clients is a ClientCertificates that was read.
type clients struct {
	thumbprints map[[sha1.Size]byte]Role
	names       map[string]Role // folded
	roles       bool
	ca          *x509.CertPool
	connections connections
}

func newClients(cc ClientCertificates) (*clients, error) {
	c := &clients{thumbprints: make(map[[sha1.Size]byte]Role), names: make(map[string]Role), roles: cc.Roles}
	var errs []error
	if len(cc.Admin)+len(cc.User) == 0 {
		errs = append(errs, errors.New("server: client certificates: neither Admin nor User has an entry, so nobody could get in"))
	}
	if cc.CA != nil {
		c.ca = cc.CA.Clone()
		if c.ca.Equal(x509.NewCertPool()) {
			errs = append(errs, errors.New("server: client certificates: CA has no certificate, so nobody could get in"))
		}
	}
	for _, list := range []struct {
		name    string
		entries []string
		role    Role
	}{{"Admin", cc.Admin, Admin}, {"User", cc.User, User}} {
		for i, entry := range list.entries {
			if err := c.add(entry, list.role); err != nil {
				errs = append(errs, fmt.Errorf("server: client certificates: %s[%d] %w", list.name, i, err))
			}
		}
	}
	return c, errors.Join(errs...)
}

// add reads one entry. Who is in both lists has the higher role.
func (c *clients) add(entry string, role Role) error {
	entry = strings.TrimSpace(entry)
	if strings.ContainsFunc(entry, func(r rune) bool { return !unicode.IsPrint(r) }) {
		// Windows puts one in front of a thumbprint that is copied from its
		// dialog.
		return fmt.Errorf("%q has an invisible character, which no thumbprint and no name has", entry)
	}
	name, isName := entry, false
	if len(entry) >= 3 && strings.EqualFold(entry[:3], "CN=") {
		name, isName = strings.TrimSpace(entry[3:]), true
	}

	switch {
	case name == "":
		return fmt.Errorf("%q is blank: it must be a thumbprint or a common name", entry)
	case !isName && looksLikeThumbprint(name):
		sum, err := hex.DecodeString(withoutSeparators(name))
		if err != nil || len(sum) != sha1.Size {
			return fmt.Errorf("%q is no thumbprint: that is the SHA-1 of a certificate, 40 hexadecimal digits; a common name that looks like one needs CN= in front", entry)
		}
		thumbprint := [sha1.Size]byte(sum)
		c.thumbprints[thumbprint] = max(c.thumbprints[thumbprint], role)
	case c.ca == nil:
		return fmt.Errorf("%q is a common name, and without a CA everybody can make a certificate with any name: set CA, or give the thumbprint", entry)
	default:
		c.names[fold(name)] = max(c.names[fold(name)], role)
	}
	return nil
}

// role returns what the lists say, 0 if neither has the client.
func (c *clients) role(thumbprint [sha1.Size]byte, name string) Role {
	role := max(c.thumbprints[thumbprint], c.names[fold(name)])
	if role != 0 && !c.roles {
		return Admin
	}
	return role
}

// looksLikeThumbprint says whether an entry is meant to be one, so that a
// mistake in it is an error and not a name that never comes.
func looksLikeThumbprint(entry string) bool {
	text := withoutSeparators(entry)
	isHex, isWord := text != "", len(text) == 2*sha1.Size
	for _, c := range []byte(text) {
		digit := c >= '0' && c <= '9'
		lower := c | 0x20
		isHex = isHex && (digit || lower >= 'a' && lower <= 'f')
		isWord = isWord && (digit || lower >= 'a' && lower <= 'z')
	}
	return isHex || isWord
}

func withoutSeparators(text string) string {
	return strings.NewReplacer(":", "", " ", "").Replace(text)
}

// fold makes names compare as the runtime compares them, without letter case
// (Common/SecurityConfig.h). ASCII only: other letters fold into letters that a
// person takes for another name.
func fold(name string) string {
	folded := []byte(name)
	for i, c := range folded {
		if c >= 'A' && c <= 'Z' {
			folded[i] = c | 0x20
		}
	}
	return string(folded)
}

// identify checks the certificate of a connection at a moment. Only the first
// one counts, the one whose private key the client proved to have; the others
// are what it sends along to complete the chain.
//
// The runtime takes a certificate in its list of thumbprints without looking at
// its dates (Common/CryptoUtility.Linux.cpp). This is stricter on purpose.
func (c *clients) identify(state *tls.ConnectionState, now time.Time) (client, error) {
	if state == nil {
		return client{}, errNoTLS
	}
	if len(state.PeerCertificates) == 0 {
		return client{}, errNoCertificate
	}
	return c.connections.of(state.PeerCertificates).identify(c, state.PeerCertificates, now)
}

// commonName returns the common name of a certificate that has exactly one, and
// nothing otherwise: of several, the CA may have checked another one than is
// compared here.
func commonName(cert *x509.Certificate) string {
	n := 0
	for _, part := range cert.Subject.Names {
		if part.Type.Equal(asn1.ObjectIdentifier{2, 5, 4, 3}) {
			n++
		}
	}
	if n != 1 {
		return ""
	}
	return cert.Subject.CommonName
}

// WithCurrentClientCertificates is [WithClientCertificates] with settings that change while the handler
// serves: files that are replaced, say. current returns those that hold now. It is called for every request, by
// several goroutines at once, so it must be quick, and must return the same pointer for as long as nothing
// has changed; nothing may be changed behind it. The next request goes by the new settings, on a
// connection that was there before, too: who is no longer in a list is turned away, and every chain is verified
// again. Settings that cannot be are an error of [New] at first, and later a line at level Error in the log, and
// then those before go on. A nil current, or a nil from it at first, is an error.
func WithCurrentClientCertificates(current func() *ClientCertificates) Option {
	return func(c *config) error {
		if current == nil {
			return errors.New("server: client certificates: the function is nil")
		}
		r := &roster{current: current}
		cc := current()
		if cc == nil {
			return errors.New("server: client certificates: there are none at first")
		}
		clients, err := newClients(*cc)
		if err != nil {
			return err
		}
		r.latest.Store(&loadedClients{cc, clients})
		c.clients, c.roster = clients, r
		return nil
	}
}

// roster is who may come in, as it is read anew when it changes.
type roster struct {
	current func() *ClientCertificates
	mu      sync.Mutex
	latest  atomic.Pointer[loadedClients]
}

type loadedClients struct {
	of      *ClientCertificates
	clients *clients
}

// now is who may come in now.
func (r *roster) now(log *slog.Logger) *clients {
	cc, last := r.current(), r.latest.Load()
	if cc == last.of {
		return last.clients
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if last = r.latest.Load(); cc == last.of {
		return last.clients
	}
	next, err := last.clients, errors.New("server: client certificates: there are none")
	if cc != nil {
		if next, err = newClients(*cc); err != nil {
			next = last.clients
		}
	}
	if err != nil {
		log.Error("client certificates: those before go on", "error", err)
	}
	r.latest.Store(&loadedClients{cc, next})
	return next
}

// maxIntermediates is how many certificates a client may send after its own if they are checked.
// Real chains have one or two.
const maxIntermediates = 10

// refusalHolds is how long a refusal may hold, in case that a root has come into its dates
// meanwhile: crypto/x509 names at most one of several that are not valid yet.
const refusalHolds = time.Minute

// chainResult is what was found of a chain, and between which moments that is so, both excluded: at
// the dates themselves it is found again. The zero value is so at no time.
type chainResult struct {
	err         error
	after, till time.Time
}

func (v chainResult) holds(now time.Time) bool { return now.After(v.after) && now.Before(v.till) }

// verify finds out whether a certificate chains to the roots.
//
// Only what the roots stand for becomes an intermediate, so that no signature is ever checked
// with a key that a stranger chose. Ten certificates that have one name and sign each other
// would be a hundred signatures to crypto/x509 alone, with P-521 a seventh of a second.
func (c *clients) verify(chain []*x509.Certificate, now time.Time) chainResult {
	sound := x509.NewCertPool()
	dated := slices.Clone(chain) // what may come into its dates later
	check := func(cert *x509.Certificate, usage x509.ExtKeyUsage) ([][]*x509.Certificate, error) {
		chains, err := cert.Verify(x509.VerifyOptions{
			Roots: c.ca, Intermediates: sound, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
		})
		var invalid x509.CertificateInvalidError
		if errors.As(err, &invalid) {
			dated = append(dated, invalid.Cert)
			if invalid.Reason == x509.IncompatibleUsage {
				err = errNotForClients
			}
		}
		return chains, err
	}

	// Most send them from the bottom to the top, so that one round is enough.
	waiting := slices.Clone(chain[1:])
	slices.Reverse(waiting)
	for before := -1; before != len(waiting); {
		before = len(waiting)
		waiting = slices.DeleteFunc(waiting, func(cert *x509.Certificate) bool {
			_, err := check(cert, x509.ExtKeyUsageAny)
			if err == nil {
				sound.AddCert(cert)
			}
			return err == nil
		})
	}

	chains, err := check(chain[0], x509.ExtKeyUsageClientAuth)
	switch {
	case err == nil:
		i := slices.IndexFunc(chains, strong)
		if i < 0 {
			return refused(errWeak, dated, now)
		}
		return accepted(chains[i])
	case errors.Is(err, errNotForClients):
		return refused(errNotForClients, dated, now)
	default:
		return refused(errUntrusted, dated, now)
	}
}

// strong says whether nobody can forge a chain. A root counts as it is, but for its key.
func strong(chain []*x509.Certificate) bool {
	root := len(chain) - 1
	return certfiles.WeakKey(chain[root]) == nil &&
		!slices.ContainsFunc(chain[:root], func(c *x509.Certificate) bool { return certfiles.Weak(c) != nil })
}

// accepted holds while all of a chain is valid, root included.
func accepted(chain []*x509.Certificate) chainResult {
	v := chainResult{nil, chain[0].NotBefore, chain[0].NotAfter}
	for _, cert := range chain {
		v.after, v.till = later(v.after, cert.NotBefore), earlier(v.till, cert.NotAfter)
	}
	return v
}

// refused holds as long as no certificate comes into its dates, whichever way the clock moves:
// with fewer of them there is no chain either.
func refused(reason error, dated []*x509.Certificate, now time.Time) chainResult {
	v := chainResult{reason, time.Time{}, now.Add(refusalHolds)}
	for _, cert := range dated {
		if now.Before(cert.NotBefore) {
			v.till = earlier(v.till, cert.NotBefore)
		}
		if now.After(cert.NotAfter) {
			v.after = later(v.after, cert.NotAfter)
		}
	}
	return v
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

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
// which nobody may change. A server that makes a new list for each request has each checked.
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
	mu     sync.Mutex  // held while it is found out, so that the other requests wait for it
	client client      // with the role of the lists; without a thumbprint nothing is known yet
	result chainResult // of its chain
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
		if !k.result.holds(now) {
			k.result = c.verify(chain, now)
		}
		err = k.result.err
	}
	who := k.client
	if err != nil {
		who.role = 0
	}
	return who, err
}
