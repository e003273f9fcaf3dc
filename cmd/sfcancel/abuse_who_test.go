//go:build linux

package main

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/abuse"
)

// cancelled is a cancel of an unknown operation. Clients that may cancel get 404.
const cancelled = "/Faults/$/Cancel?api-version=6.0&Force=false&OperationId=" + unknown

// as returns a client that presents a certificate, and keeps its connections or not.
func as(t *testing.T, shown tls.Certificate, keep bool) *http.Client {
	t.Helper()
	config := trustful()
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &shown, nil } // whichever authorities the server names
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: !keep}}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// admitted starts a server that accepts certificates of the authority with the common name admin.
func admitted(t *testing.T, p *testPKI) *victim {
	t.Helper()
	return &victim{process: serveProcess(t, "--tls-cert", p.file("server.pem"), "--tls-key", p.file("server.key"), "--client-ca", p.file("ca.pem"), "--admin", "admin")}
}

// outsider knows an admin's name, and sends a hundred intermediates, any of which may have signed any other. It
// costs the server at most twice what an admin costs, for each request and for each connection. The same holds for
// as many intermediates as are read, and for one more. The outsider is refused with each of these.
func outsider(t *testing.T) []abuse.Figure {
	p := newTestPKI(t)
	v := admitted(t, p)
	// chained makes a certificate with n intermediates below an authority.
	chained := func(below *testPKI, name string, n int) tls.Certificate {
		at := &testPKI{ca: below.ca, caKey: below.caKey}
		var between [][]byte
		for range n {
			next := at.issue(t, name, func(c *x509.Certificate) {
				c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
			})
			at.ca, at.caKey = next.Leaf, next.PrivateKey.(*ecdsa.PrivateKey)
			between = append(between, next.Leaf.Raw)
		}
		shown := at.issue(t, "admin", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
		slices.Reverse(between)
		shown.Certificate = append(shown.Certificate, between...)
		return shown
	}
	admin, stranger := chained(p, "between", 1), newTestPKI(t)
	cost := func(client *http.Client, n, want int) time.Duration {
		t.Helper()
		before := v.cpu(t)
		for range n {
			if status, _, body := exchange(t, client, http.MethodPost, v.url+cancelled, nil, ""); status != want {
				t.Fatalf("got %d, want %d: %s", status, want, body)
			}
		}
		return v.cpu(t) - before
	}
	type side struct {
		shown               tls.Certificate
		want                int
		request, connection time.Duration // of the best round: other load on the machine only adds to it
	}
	var figures []abuse.Figure
	for _, n := range []int{10, 11, 100} {
		sides := [2]side{
			{admin, http.StatusNotFound, math.MaxInt64, math.MaxInt64},
			{chained(stranger, "set", n), http.StatusForbidden, math.MaxInt64, math.MaxInt64},
		}
		for range rounds(40) {
			for i, s := range sides {
				kept := as(t, s.shown, true)
				cost(kept, 1, s.want)
				sides[i].request = min(s.request, cost(kept, 50, s.want))
				sides[i].connection = min(s.connection, cost(as(t, s.shown, false), 5, s.want))
			}
		}
		figures = append(figures,
			abuse.Ratio(fmt.Sprintf("request-with-%d", n), float64(sides[1].request)/float64(sides[0].request), 2),
			abuse.Ratio(fmt.Sprintf("connection-with-%d", n), float64(sides[1].connection)/float64(sides[0].connection), 2))
	}
	v.terminate(t)
	return figures
}

// crossOrigin sends requests that a browser marks as sent by a page of another site. They are refused.
func crossOrigin(t *testing.T) []abuse.Figure {
	v := newVictim(t)
	through, sent := 0, 0
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
	} {
		for _, force := range []string{"false", "true"} {
			status, _, _ := exchange(t, http.DefaultClient, http.MethodPost, v.url+"/Faults/$/Cancel?api-version=6.0&Force="+force+"&OperationId="+known, header, "")
			if sent++; status != http.StatusForbidden {
				through++
			}
		}
	}
	if status, _, body := exchange(t, http.DefaultClient, http.MethodPost, v.url+cancelled, nil, ""); status != http.StatusNotFound {
		t.Errorf("a program: got %d %s, want 404", status, body)
	}
	v.terminate(t)
	return []abuse.Figure{abuse.Count("sent", sent, 0).Free(), abuse.Count("let-through", through, 0)}
}

// reboundHost sends requests for host names that an attacker may have pointed at a loopback address. They are refused.
func reboundHost(t *testing.T) []abuse.Figure {
	v := newVictim(t)
	through, hosts := 0, []string{"evil.example", "evil.example:80", "x", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1"}
	for _, host := range hosts {
		for _, request := range []string{"GET " + everyOperation, cancelUnknown} {
			c := v.open(t, 1, nil)[0]
			got, _, err := askOn(c, []byte(request+" HTTP/1.1\r\nHost: "+host+"\r\n\r\n"))
			if err != nil {
				t.Fatal(errors.Join(err, c.Close()))
			}
			if got.status != http.StatusForbidden {
				through++
			}
			_ = c.Close()
		}
	}
	v.terminate(t)
	return []abuse.Figure{abuse.Count("sent", 2*len(hosts), 0).Free(), abuse.Count("let-through", through, 0)}
}

// weakCertificates presents certificates that others can forge. They are refused.
func weakCertificates(t *testing.T) []abuse.Figure {
	p := newTestPKI(t)
	v := admitted(t, p)
	shown := func(bits int, algorithm x509.SignatureAlgorithm) tls.Certificate {
		t.Helper()
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		template := *p.clients["admin"].Leaf
		template.SignatureAlgorithm = algorithm
		raw, err := x509.CreateCertificate(rand.Reader, &template, p.ca, &key.PublicKey, p.caKey)
		if err != nil {
			t.Fatal(err)
		}
		return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
	}
	through := 0
	for _, tt := range []struct {
		bits      int
		algorithm x509.SignatureAlgorithm
		want      int
	}{
		{2048, x509.ECDSAWithSHA256, http.StatusNotFound},
		{1024, x509.ECDSAWithSHA256, http.StatusForbidden},
		{2040, x509.ECDSAWithSHA256, http.StatusForbidden},
		{2048, x509.ECDSAWithSHA1, http.StatusForbidden},
	} {
		status, _, body := exchange(t, as(t, shown(tt.bits, tt.algorithm), false), http.MethodPost, v.url+cancelled, nil, "")
		switch {
		case status == tt.want:
		case tt.want == http.StatusForbidden:
			through++
		default:
			t.Errorf("%d bits: got %d %s, want %d", tt.bits, status, body, tt.want)
		}
	}
	v.terminate(t)
	return []abuse.Figure{abuse.Count("shown", 3, 0).Free(), abuse.Count("let-through", through, 0)}
}
