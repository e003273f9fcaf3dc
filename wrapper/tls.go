package wrapper

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/sfcancel/sfcancel/internal/clienttls"
)

// TLS is how a client proves who it is and whom it trusts. The zero value shows no
// certificate and trusts what the system trusts. TLS 1.2 is the oldest version that
// is spoken.
//
// A value holds paths and names, never a key, so that it may be printed.
type TLS struct {
	// CertFile and KeyFile are the client certificate, with its chain if it has one,
	// and its key, as PEM without a password. Both or neither is set; "" shows no
	// certificate, which a secured cluster answers with 403 (runtime §7).
	//
	// A request that begins looks at the files if none has in the last 50 ms. So one that
	// begins 50 ms or more after they have changed uses what they hold then, unless another
	// is still looking, and drops connections made with what they held before. While they
	// cannot be used, as when one of the two is new and the other is not, what they held
	// before stays in use. Their dates are not judged here: a cluster may accept an expired
	// certificate that it knows by its thumbprint (runtime §7).
	CertFile, KeyFile string

	// GetClientCertificate is asked for the client certificate instead, in every
	// handshake: for a key in a hardware module or in a store of the system. Nil asks
	// nobody. A nil certificate shows none; an error counts as a connection that
	// failed. It is called by several goroutines at once.
	GetClientCertificate func(*tls.CertificateRequestInfo) (*tls.Certificate, error)

	// CAFile holds the roots that the chain of the server has to lead to, as PEM. It
	// is read again within 50 ms when it changes, like CertFile. RootCAs holds them in memory; it
	// is copied. One of them may be set; "" and nil mean the system's roots.
	CAFile  string
	RootCAs *x509.CertPool

	// ServerThumbprints are thumbprints of certificates that the server may show: the
	// SHA-1, 40 hexadecimal digits, as Service Fabric writes it, or the SHA-256, 64.
	// Letter case, spaces and colons do not matter. Neither the chain nor the host name
	// of such a certificate is checked, but its dates are: a cluster does not accept its
	// own pinned certificate either once that has expired, unless
	// Security/AcceptExpiredPinnedClusterCertificate says so.
	ServerThumbprints []string

	// ServerCommonNames are common names, as CN=name or as the name alone, of which the
	// subject of the server's certificate has to have one; its host names do not count.
	// Letter case does not matter in ASCII, and there are no wildcards. Chain and dates
	// are checked, and the certificate has to be good for authenticating servers. The
	// address that is called is not checked: the nodes of a cluster share one
	// certificate, which need not name any of them.
	//
	// With both lists a certificate that either of them accepts is accepted; with
	// neither, chain, dates and host name are checked as everywhere else.
	ServerCommonNames []string
}

// WithTLS sets how the client proves who it is and whom it trusts. It is for an
// endpoint that begins with https://, and cannot be combined with [WithHTTPClient].
// [New] reads the files, and says which of them is missing or of no use.
func WithTLS(t TLS) Option {
	return func(c *Client) error {
		c.tls = &t
		return clienttls.Settings(t).Check()
	}
}
