package server

import (
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/sfcancel/sfcancel/internal/certfiles"
)

// maxIntermediates is how many certificates a client may send after its own if they are judged.
// Real chains have one or two.
const maxIntermediates = 10

// refusalHolds is how long a refusal may hold, in case that a root has come into its dates
// meanwhile: crypto/x509 names at most one of several that are not valid yet.
const refusalHolds = time.Minute

// verdict is what was found of a chain, and between which moments that is so, both excluded: at
// the dates themselves it is found again. The zero value is so at no time.
type verdict struct {
	err         error
	after, till time.Time
}

func (v verdict) holds(now time.Time) bool { return now.After(v.after) && now.Before(v.till) }

// verify finds out whether a certificate chains to the roots.
//
// Only what the roots stand for becomes an intermediate, so that no signature is ever checked
// with a key that a stranger chose. Ten certificates that have one name and sign each other
// would be a hundred signatures to crypto/x509 alone, with P-521 a seventh of a second.
func (c *clients) verify(chain []*x509.Certificate, now time.Time) verdict {
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
func accepted(chain []*x509.Certificate) verdict {
	v := verdict{nil, chain[0].NotBefore, chain[0].NotAfter}
	for _, cert := range chain {
		v.after, v.till = later(v.after, cert.NotBefore), earlier(v.till, cert.NotAfter)
	}
	return v
}

// refused holds as long as no certificate comes into its dates, whichever way the clock moves:
// with fewer of them there is no chain either.
func refused(reason error, dated []*x509.Certificate, now time.Time) verdict {
	v := verdict{reason, time.Time{}, now.Add(refusalHolds)}
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
