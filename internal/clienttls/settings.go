// Package clienttls is how a client proves who it is and whom it trusts: certificate files that are
// read again when they change, pins, and errors that say what to do. Package wrapper documents
// the settings.
package clienttls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/sfcancel/sfcancel/internal/certfiles"
)

// Settings are wrapper.TLS, field by field.
type Settings struct {
	CertFile, KeyFile    string
	GetClientCertificate func(*tls.CertificateRequestInfo) (*tls.Certificate, error)
	CAFile               string
	RootCAs              *x509.CertPool
	ServerThumbprints    []string
	ServerCommonNames    []string
}

// Check finds what is wrong without looking into the files.
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

// files are those of the settings.
func (t Settings) files() certfiles.Files {
	return certfiles.Files{
		Cert: t.CertFile, Key: t.KeyFile, CA: t.CAFile,
		Names: certfiles.Names{Cert: "CertFile", Key: "KeyFile", CA: "CAFile", Before: "TLS: ", Peer: "server"},
	}
}

// config is what handshakes need, with what the files held when they were read.
func (t Settings) config(m *certfiles.Material, p *pins) *tls.Config {
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		RootCAs:    t.RootCAs,
		// A gateway on Windows asks for a client certificate when it has read the request
		// (httpgateway/HttpCertificateAuthHandler.cpp), which with TLS 1.2 can be a
		// second handshake. crypto/tls insists on the same server in both.
		Renegotiation: tls.RenegotiateOnceAsClient,
		// There is no ClientSessionCache: a resumed session stands for the client
		// certificate that it began with, whatever the files hold by now.
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
		// A pin says which certificate it is, so that its host name says nothing. What
		// crypto/tls leaves out now is done by verify, also for a resumed session.
		config.InsecureSkipVerify = true //nolint:gosec // verified below
		config.VerifyConnection = judge.verify
	}
	return config
}

// clientCertificate shows the certificate to every server that asks for one.
// crypto/tls would choose by the authorities that the server names, and show nothing
// where a certificate that is known by its thumbprint comes from none of them.
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
