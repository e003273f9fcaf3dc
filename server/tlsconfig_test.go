package server_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

func TestTLSConfig(t *testing.T) {
	cert := issue(t, nil, "server", ofServer)
	at := listen(t, bareHandler(t, &spy{}), server.TLSConfig(cert.tls()), cert.pool())
	for version, accepted := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			d := tls.Dialer{Config: &tls.Config{RootCAs: at.roots, MinVersion: version, MaxVersion: version}}
			conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(at.url, "https://"))
			if (err == nil) != accepted {
				t.Errorf("got %v", err)
			}
			if err == nil {
				_ = conn.Close()
			}
		})
	}
	if a, b := server.TLSConfig(cert.tls()), server.TLSConfig(cert.tls()); a == b {
		t.Error("two callers share one")
	}
}
