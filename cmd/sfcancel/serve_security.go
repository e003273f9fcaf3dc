package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/sfcancel/sfcancel/server"
)

// security is how the socket is protected.
type security struct {
	certificate tls.Certificate
	clients     *server.ClientCertificates // nil lets everybody in
}

// security reads the files of the TLS flags; nil is none.
func (s serveFlags) security() (*security, error) {
	if err := s.mayListen(); err != nil {
		return nil, err
	}
	named := s.named()
	switch {
	case (s.certFile == "") != (s.keyFile == ""):
		return nil, errors.New("--tls-cert and --tls-key go together")
	case s.certFile == "" && (named || s.clientCA != "" || s.roles):
		return nil, errors.New("--client-ca, --admin, --user and --roles need --tls-cert and --tls-key")
	case s.clientCA != "" && !named:
		return nil, errors.New("--client-ca: say with --admin or --user whose certificates are let in")
	case s.roles && !named:
		return nil, errors.New("--roles: say with --admin and --user who is which")
	case s.certFile == "":
		return nil, nil
	}
	var err error
	out := new(security)
	if out.certificate, err = tls.LoadX509KeyPair(s.certFile, s.keyFile); err != nil {
		return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %w", s.certFile, s.keyFile, err)
	}
	if !named {
		return out, nil
	}
	out.clients = &server.ClientCertificates{Admin: s.admins, User: s.users, Roles: s.roles}
	if s.clientCA != "" {
		pem, err := os.ReadFile(s.clientCA)
		if err != nil {
			return nil, fmt.Errorf("--client-ca: %w", err)
		}
		out.clients.CA = x509.NewCertPool()
		if !out.clients.CA.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--client-ca %s: it has no certificate in PEM", s.clientCA)
		}
	}
	return out, nil
}

// named reports whether clients have to show who they are.
func (s serveFlags) named() bool { return len(s.admins)+len(s.users) > 0 }

// mayListen keeps an address that others can reach from being served to everybody.
func (s serveFlags) mayListen() error {
	host, _, err := net.SplitHostPort(s.addr)
	if err != nil {
		return fmt.Errorf("--addr %q: it must be HOST:PORT", s.addr)
	}
	if ip := net.ParseIP(host); s.insecure || s.named() || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("--addr %q: only a loopback address, such as 127.0.0.1:19080, may be served without TLS and client certificates;"+
		" give --tls-cert, --tls-key and --admin, or --insecure", s.addr)
}
