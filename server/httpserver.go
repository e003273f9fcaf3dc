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

// NewHTTPServer returns a server for the handler with limits that hold against
// the open network:
//
//   - 10 s for the header of a request (ReadHeaderTimeout),
//   - 60 s for all of it, body included (ReadTimeout),
//   - 120 s for an idle connection (IdleTimeout),
//   - 64 KiB for the header (MaxHeaderBytes), which is enough for the longest
//     node name, percent-encoded.
//
// There is no WriteTimeout: it would cut requests with a long timeout. Instead
// a [Handler] gives each answer a deadline of its own, its timeout plus 30 s.
// OPTIONS * reaches the handler, so that it is refused like any other verb.
//
// A [Handler] learns from it that it listens on a loopback address; see [WithHosts]. Who sets a
// BaseContext does without.
//
// What net/http itself has to report goes to the logger at level Warn, on one
// line and with what is not printable escaped; nil discards it. The caller sets Addr, TLSConfig and the rest, starts the server
// and stops it. A nil handler means http.DefaultServeMux, as ever.
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

// warnings takes the lines of net/http, which repeat what a client sent as it came.
type warnings struct{ to *slog.Logger }

func (w warnings) Write(line []byte) (int, error) {
	w.to.Warn(plain.Text(string(line)))
	return len(line), nil
}

// TLSConfig returns what a TLS listener needs for [WithClientCertificates]: TLS
// 1.2 or newer, the certificate of the server, and a client certificate that is
// asked for and not required, so that a client without one gets its 403 over
// HTTP instead of a failed handshake. The handshake does not check the client
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
