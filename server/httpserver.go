package server

import (
	"crypto/tls"
	"log"
	"log/slog"
	"net/http"
	"time"

	"github.com/sfcancel/sfcancel/internal/plain"
)

// Limits of [NewHTTPServer].
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 64 << 10
)

// NewHTTPServer returns a server for the handler with limits for an open network:
//
//   - 10 s for the header of a request (ReadHeaderTimeout),
//   - 60 s for all of it, body included (ReadTimeout),
//   - 120 s for an idle connection (IdleTimeout),
//   - 64 KiB for the header (MaxHeaderBytes), which is enough for the longest
//     node name, percent-encoded.
//
// There is no WriteTimeout: it would abort requests with a long timeout. Instead
// a [Handler] sets a write deadline for each answer, the request's timeout plus 30 s.
// OPTIONS * reaches the handler, so that it is refused like any other verb.
//
// BaseContext tells a [Handler] that it listens on a loopback address; see [WithHosts]. A caller
// that replaces BaseContext loses that check.
//
// Errors that net/http reports go to the logger at level Warn, on one
// line and with unprintable characters escaped; nil discards them. The caller sets Addr, TLSConfig and the rest, starts the server
// and stops it. A nil handler means http.DefaultServeMux, as in net/http.
func NewHTTPServer(h http.Handler, l *slog.Logger) *http.Server {
	if l == nil {
		l = slog.New(slog.DiscardHandler)
	}
	return &http.Server{
		Handler:                      h,
		DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout:            readHeaderTimeout,
		ReadTimeout:                  readTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		ErrorLog:                     log.New(warnings{l}, "", 0),
		BaseContext:                  listening,
	}
}

// warnings logs the lines of net/http. They are escaped because they quote input of clients.
type warnings struct{ to *slog.Logger }

func (w warnings) Write(line []byte) (int, error) {
	w.to.Warn(plain.Text(string(line)))
	return len(line), nil
}

// TLSConfig returns the configuration of a TLS listener for [WithClientCertificates]: TLS
// 1.2 or newer, the certificate of the server, and a client certificate that is
// requested but not required, so that a client without one gets a 403 over
// HTTP instead of a failed handshake. The handshake does not verify the client
// certificate. The [Handler] does, the chain once per connection and the
// dates with every request, so that a certificate is also refused if it expires during a
// connection or before a session is resumed.
//
//	srv := server.NewHTTPServer(h, l)
//	srv.TLSConfig = server.TLSConfig(cert)
//	err = srv.ListenAndServeTLS("", "")
//
// Every call returns a new Config, which the caller may change. With a zero certificate
// every handshake fails, unless GetCertificate is set.
func TLSConfig(cert tls.Certificate) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{cert},
		ClientAuth:   tls.RequestClientCert,
	}
}
