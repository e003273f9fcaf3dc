package server_test

import (
	"crypto/x509"
	"encoding/json"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// The log says who was let in or turned away, and why, and repeats no more of a
// certificate than its thumbprint and the beginning of a name.
func TestLogOfClients(t *testing.T) {
	const evil = "\"}\n{\"level\":\"ERROR\",\"msg\":\"" + secret
	ca := issue(t, nil, "roots", authority)
	evilCA := issue(t, nil, evil, authority)
	const long = "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz"
	in := server.ClientCertificates{Admin: []string{"admin", "CN=" + long}, User: []string{"user"}, Roles: true, CA: ca.pool()}

	type said struct{ Name, Role, Cause, Code string }
	tests := []struct {
		name string
		cert *issued
		want said
	}{
		{"admin", issue(t, ca, "admin"), said{Name: "admin", Role: "admin"}},
		{"user who may not", issue(t, ca, "user"), said{Name: "user", Role: "user", Code: "E_ACCESSDENIED"}},
		{"long name", issue(t, ca, long), said{Name: long[:32] + "...", Role: "admin"}},
		{"none", nil, said{Cause: "there is no client certificate"}},
		{"stranger", issue(t, ca, "stranger"), said{Name: "stranger", Cause: "the client certificate is neither an admin's nor a user's"}},
		{"stranger with a hostile name", issue(t, ca, evil), said{Name: "?}?{?level?:?ERROR?,?msg?:?hunte...", Cause: "the client certificate is neither an admin's nor a user's"}},
		{"no name", issue(t, ca, "", func(c *x509.Certificate) { c.Subject.Organization = []string{secret} }), said{Cause: "the client certificate is neither an admin's nor a user's"}},
		{"expired", issue(t, ca, "admin", expired), said{Name: "admin", Cause: "the client certificate has expired"}},
		{"not valid yet", issue(t, ca, "admin", early), said{Name: "admin", Cause: "the client certificate is not valid yet"}},
		{"not for clients", issue(t, ca, "admin", ofServer), said{Name: "admin", Cause: "the client certificate is not meant for authenticating clients"}},
		{"untrusted, from a CA with a hostile name", issue(t, evilCA, "admin").sending(evilCA), said{Name: "admin", Cause: "the client certificate does not chain to the CA"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log buffer
			at := listenFor(t, bareHandler(t, &spy{}, server.WithLogger(log.logger()), server.WithClientCertificates(in)))
			at.send(t, at.as(t, tt.cert, "HTTP/1.1"), "POST", gracefully, nil)
			line := oneLine(t, &log)
			if line.Route != cancelPath || line.Level != 0 {
				t.Errorf("got %+v", line)
			}
			var got struct {
				said
				Client     string
				ClientName string `json:"client_name"`
			}
			if err := json.Unmarshal([]byte(log.String()), &got); err != nil {
				t.Fatal(err)
			}
			got.Name = got.ClientName
			thumbprint := ""
			if tt.cert != nil {
				thumbprint = strings.ToUpper(tt.cert.thumbprint())
			}
			if got.said != tt.want || got.Client != thumbprint {
				t.Errorf("got %+v, want %+v of %q", got, tt.want, thumbprint)
			}
			if strings.Contains(log.String(), secret) {
				t.Errorf("the certificate is in the log: %s", log.String())
			}
		})
	}
	t.Run("without security there is nobody to name", func(t *testing.T) {
		var log buffer
		at := listenFor(t, bareHandler(t, &spy{}, server.WithLogger(log.logger())))
		at.send(t, at.as(t, issue(t, ca, "admin"), "HTTP/1.1"), "POST", gracefully, nil)
		if strings.Contains(log.String(), `"client`) || strings.Contains(log.String(), `"role"`) {
			t.Errorf("log %s", log.String())
		}
	})
}
