package wrapper_test

import (
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/sfcancel/sfcancel/wrapper"
)

// Whoever answers chooses what is in its certificate, and nobody has vouched for it yet: the
// error shows it quoted, and cannot be steered by it, whoever made the handshake.
func TestTLSNamesAreQuoted(t *testing.T) {
	t.Parallel()
	const steering = "\x1b]0;owned\a\x1b[2J\r\n\x7f"
	ca := newAuthority(t, "the \u202eroot\u200b\u3164"+steering)
	named := func(c *x509.Certificate) {
		c.IPAddresses, c.DNSNames = nil, []string{"node" + steering, "other" + steering}
	}
	cert := ca.issue(t, "the \u202ecluster\u200b\u3164"+steering, named)
	endpoint := strings.Replace(serveTLS(t, cert, "HTTP/1.1", http.NotFoundHandler()), "127.0.0.1", "localhost", 1)
	brought := http.DefaultTransport.(*http.Transport).Clone()
	brought.Proxy = nil
	t.Cleanup(brought.CloseIdleConnections)
	for name, c := range map[string]struct {
		with wrapper.Option
		want []string
	}{
		"trusted": {wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()}),
			[]string{"not for localhost", `names ["node\x1b]0;owned\a\x1b[2J\r\n\x7f" "other`, `common name "the \u202ecluster\u200b\u3164\x1b]0;owned`, `issuer "the \u202eroot\u200b\u3164\x1b]0;owned`, "ServerCommonNames"}},
		"nobody's":              {wrapper.WithTLS(wrapper.TLS{}), []string{`names ["node\x1b]`, `common name "the \u202ecluster`}},
		"pinned":                {wrapper.WithTLS(wrapper.TLS{ServerThumbprints: []string{strings.Repeat("0", 40)}}), []string{`names ["node\x1b]`, "not the expected one"}},
		"a client of their own": {wrapper.WithHTTPClient(&http.Client{Transport: brought}), []string{`node\x1b]0;owned`}},
	} {
		t.Run(name, func(t *testing.T) {
			err := cancelWith(t.Context(), newClient(t, endpoint, fastWith(1), c.with), false)
			e := asError(t, err, wrapper.ErrNotSent)
			for _, want := range c.want {
				if !strings.Contains(e.Error(), want) {
					t.Errorf("it does not say %s:\n%s", want, e)
				}
			}
			if strings.ContainsFunc(e.Error(), func(r rune) bool { return !unicode.IsPrint(r) || r == '\u3164' }) {
				t.Errorf("the message is not plain: %q", e.Error())
			}
			var host x509.HostnameError
			if name == "trusted" && !errors.As(err, &host) {
				t.Errorf("what crypto/x509 said is gone: %v", err)
			}
		})
	}
}
