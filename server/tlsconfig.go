package server

import "crypto/tls"

// TLSConfig returns what a TLS listener needs for [WithClientCertificates]: TLS
// 1.2 or newer, the certificate of the server, and a client certificate that is
// asked for and not required, so that a client without one gets its 403 over
// HTTP instead of a failed handshake. The handshake does not judge the client
// certificate either; a [Handler] does: its chain once for a connection, and its
// dates with every request, so that a certificate also counts for what it is worth
// when it was kept in a resumed session or on an old connection.
//
//	srv := server.NewHTTPServer(h, l)
//	srv.TLSConfig = server.TLSConfig(cert)
//	err = srv.ListenAndServeTLS("", "")
//
// Every call returns a new one, which the caller may change. A zero certificate
// makes every handshake fail, unless GetCertificate is set.
func TLSConfig(cert tls.Certificate) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{cert},
		ClientAuth:   tls.RequestClientCert,
	}
}
