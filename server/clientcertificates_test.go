package server_test

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

func TestNewRefusesClientCertificates(t *testing.T) {
	ca := issue(t, nil, "roots", authority).pool()
	const good = "0123456789abcdef0123456789ABCDEF01234567"
	tests := []struct {
		name string
		in   server.ClientCertificates
		says []string // nil if there is nothing wrong
	}{
		{"nobody", server.ClientCertificates{}, []string{"neither Admin nor User"}},
		{"nobody, and a CA", server.ClientCertificates{CA: ca, Roles: true}, []string{"neither Admin nor User"}},
		{"name without a CA", server.ClientCertificates{Admin: []string{"CN=admin"}}, []string{"Admin[0]", `"CN=admin"`, "set CA", "thumbprint"}},
		{"plain name without a CA", server.ClientCertificates{User: []string{good, "operators"}}, []string{"User[1]", `"operators"`, "set CA"}},
		{"empty entry", server.ClientCertificates{Admin: []string{good, ""}}, []string{"Admin[1]", "blank"}},
		{"blank entry", server.ClientCertificates{Admin: []string{" \t\n"}}, []string{"Admin[0]", "blank"}},
		{"blank name", server.ClientCertificates{User: []string{"CN= "}, CA: ca}, []string{"User[0]", `"CN="`, "blank"}},
		{"colons only", server.ClientCertificates{User: []string{":"}}, []string{"User[0]"}},
		{"39 digits", server.ClientCertificates{Admin: []string{good[1:]}, CA: ca}, []string{"Admin[0]", "40 hexadecimal digits"}},
		{"38 digits", server.ClientCertificates{Admin: []string{good[2:]}, CA: ca}, []string{"Admin[0]", "40 hexadecimal digits"}},
		{"42 digits", server.ClientCertificates{Admin: []string{good + "00"}, CA: ca}, []string{"40 hexadecimal digits"}},
		{"SHA-256", server.ClientCertificates{Admin: []string{strings.Repeat("0a", 32)}, CA: ca}, []string{"SHA-1"}},
		{"a letter among the digits", server.ClientCertificates{Admin: []string{"g" + good[1:]}, CA: ca}, []string{"40 hexadecimal digits"}},
		{"a capital among the digits", server.ClientCertificates{Admin: []string{"O" + good[1:]}, CA: ca}, []string{"40 hexadecimal digits"}},
		{"a name of hexadecimal digits", server.ClientCertificates{Admin: []string{"cafe"}, CA: ca}, []string{"CN= in front"}},
		{"the mark that Windows puts in front", server.ClientCertificates{Admin: []string{"\u200e" + good}}, []string{`"\u200e0123`, "invisible"}},
		{"a control character in a name", server.ClientCertificates{Admin: []string{"CN=a\x00b"}, CA: ca}, []string{"invisible"}},
		{"a CA without a certificate", server.ClientCertificates{Admin: []string{good}, CA: x509.NewCertPool()}, []string{"CA has no certificate"}},
		{"everything at once", server.ClientCertificates{Admin: []string{"", "12"}, User: []string{"x"}, CA: nil}, []string{"Admin[0]", "Admin[1]", "User[0]"}},

		{"thumbprint", server.ClientCertificates{Admin: []string{good}}, nil},
		{"name", server.ClientCertificates{User: []string{"operators"}, CA: ca}, nil},
		{"CN= makes a name of hexadecimal digits", server.ClientCertificates{User: []string{"CN=cafe"}, CA: ca}, nil},
		{"CN= makes a name of a thumbprint", server.ClientCertificates{User: []string{"CN=" + good}, CA: ca}, nil},
		{"letters beyond ASCII", server.ClientCertificates{User: []string{"Bedienköpfe"}, CA: ca}, nil},
		{"a name of 40 characters with a dot", server.ClientCertificates{User: []string{"operators.of.the.cluster.in.northern.eur"}, CA: ca}, nil},
		{"a short name", server.ClientCertificates{User: []string{"it"}, CA: ca}, nil},
		{"one twice", server.ClientCertificates{User: []string{good, good}, Admin: []string{good}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, err := server.New(&spy{}, server.WithClientCertificates(tt.in))
			if tt.says == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || h != nil {
				t.Fatalf("got %v, %v", h, err)
			}
			for _, part := range tt.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}
