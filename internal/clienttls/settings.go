// Package clienttls implements the TLS of a client: certificate files that are
// reloaded when they change, pinned server certificates, and errors that say what to do. Package wrapper
// documents the settings.
package clienttls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/sfcancel/sfcancel/internal/certfiles"
)

// Settings has the fields of wrapper.TLS.
type Settings struct {
	CertFile, KeyFile    string
	GetClientCertificate func(*tls.CertificateRequestInfo) (*tls.Certificate, error)
	CAFile               string
	RootCAs              *x509.CertPool
	ServerThumbprints    []string
	ServerCommonNames    []string
}

// Check returns the errors that can be found without reading the files.
func (t Settings) Check() error {
	var errs []error
	if (t.CertFile == "") != (t.KeyFile == "") {
		errs = append(errs, errors.New("TLS: CertFile and KeyFile go together: set both or neither"))
	}
	if t.GetClientCertificate != nil && t.CertFile+t.KeyFile != "" {
		errs = append(errs, errors.New("TLS: the client certificate comes from CertFile and KeyFile or from GetClientCertificate: set one of them"))
	}
	if t.CAFile != "" && t.RootCAs != nil {
		errs = append(errs, errors.New("TLS: the roots come from CAFile or from RootCAs: set one of them"))
	}
	if t.RootCAs != nil && t.RootCAs.Equal(x509.NewCertPool()) {
		errs = append(errs, errors.New("TLS: RootCAs has no certificate, so no server could be trusted"))
	}
	if _, err := newPins(t); err != nil {
		errs = append(errs, err)
	}
	if len(t.ServerThumbprints) > 0 && len(t.ServerCommonNames) == 0 && (t.CAFile != "" || t.RootCAs != nil) {
		errs = append(errs, errors.New("TLS: with ServerThumbprints alone no chain is checked, so CAFile and RootCAs have no effect: leave them out, or set ServerCommonNames"))
	}
	return errors.Join(errs...)
}

// files returns the files of the settings.
func (t Settings) files() certfiles.Files {
	return certfiles.Files{
		Cert: t.CertFile, Key: t.KeyFile, CA: t.CAFile,
		Names: certfiles.Names{Cert: "CertFile", Key: "KeyFile", CA: "CAFile", Before: "TLS: ", Peer: "server"},
	}
}

// config returns the configuration for handshakes, with the contents of the files.
func (t Settings) config(m *certfiles.Material, p *pins) *tls.Config {
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		RootCAs:    t.RootCAs,
		// A gateway on Windows requests a client certificate after it has read the request
		// (httpgateway/HttpCertificateAuthHandler.cpp), which with TLS 1.2 can be a
		// second handshake. crypto/tls requires the same server in both.
		Renegotiation: tls.RenegotiateOnceAsClient,
		// There is no ClientSessionCache: a resumed session has the client
		// certificate of its first handshake, even if the files have changed since.
	}
	if m.Roots != nil {
		config.RootCAs = m.Roots
	}
	if m.Pair != nil || t.GetClientCertificate != nil {
		config.GetClientCertificate = t.clientCertificate(m.Pair)
	}
	if p != nil {
		judge := *p
		judge.roots = config.RootCAs
		// A pin identifies the certificate, so the host name is not checked. verify replaces
		// the checks that crypto/tls skips, also for a resumed session.
		config.InsecureSkipVerify = true //nolint:gosec // verified below
		config.VerifyConnection = judge.verify
	}
	return config
}

// clientCertificate returns a function that sends the certificate to every server that requests one.
// crypto/tls would send it only if one of the CAs that the server names has issued it, and a server
// may know a certificate by its thumbprint instead.
func (t Settings) clientCertificate(pair *tls.Certificate) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if pair != nil {
			return pair, nil
		}
		c, err := t.GetClientCertificate(info)
		if err != nil {
			return nil, fmt.Errorf("TLS: GetClientCertificate: %w", err)
		}
		if c == nil { // crypto/tls would panic
			return new(tls.Certificate), nil
		}
		return c, nil
	}
}
