package wrapper_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// accepting is a server that has nothing to do but accept.
type accepting struct{ server.Unimplemented }

func (accepting) CancelOperation(context.Context, generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	return generated.CancelOperation200Response{}, nil
}

// BenchmarkMutualTLS is Cancel over loopback by one caller, where both sides show certificates,
// beside net/http alone with the same duties: a deadline, a request id, a trace, a bounded
// body, and at the server a recover, a deadline and a write deadline. The two take turns, so
// that x-plain is a ratio of what ran at the same time: the median over all turns.
func BenchmarkMutualTLS(b *testing.B) {
	ca := newAuthority(b, "the root")
	cert, admin := ca.issue(b, "cluster"), ca.issue(b, "admin")
	f := newFiles(b, admin, ca)
	age(b, f.cert, f.key, f.ca)
	plain := plainCancel(b, cert, admin, ca)
	for _, tt := range []struct {
		name string
		in   server.ClientCertificates
		pins func(*wrapper.TLS)
	}{
		{"name and CA", server.ClientCertificates{Admin: []string{"admin"}, CA: ca.pool()}, func(t *wrapper.TLS) { t.ServerCommonNames = []string{"cluster"} }},
		{"thumbprint", server.ClientCertificates{Admin: []string{ofSHA1(admin)}}, func(t *wrapper.TLS) { t.CAFile, t.ServerThumbprints = "", []string{ofSHA1(cert)} }},
	} {
		b.Run(tt.name, func(b *testing.B) {
			h, err := server.New(accepting{}, server.WithClientCertificates(tt.in))
			must(b, err)
			settings := f.tls()
			tt.pins(&settings)
			client := newClient(b, serveTLS(b, cert, "HTTP/1.1", h, func(s *httptest.Server) {
				s.Config, s.TLS = server.NewHTTPServer(h, nil), server.TLSConfig(cert)
			}), wrapper.WithTLS(settings))
			ours := func() {
				_, err := client.Cancel(b.Context(), uuid.New(), wrapper.CancelOptions{})
				must(b, err)
			}
			turn := func(call func()) time.Duration {
				began := time.Now()
				for range 50 {
					call()
				}
				return time.Since(began)
			}
			turn(plain)
			turn(ours)
			var ratios, each []float64
			for b.Loop() {
				beside, it := turn(plain), turn(ours)
				ratios, each = append(ratios, it.Seconds()/beside.Seconds()), append(each, float64(it.Microseconds())/50)
			}
			slices.Sort(ratios)
			slices.Sort(each)
			b.ReportMetric(ratios[len(ratios)/2], "x-plain")
			b.ReportMetric(each[len(each)/2], "µs/call")
			b.ReportMetric(testing.AllocsPerRun(200, ours), "allocs/call")
			b.ReportMetric(testing.AllocsPerRun(200, plain), "plain-allocs/call")
		})
	}
}

// plainCancel returns what makes one call with net/http alone.
func plainCancel(b *testing.B, cert, admin tls.Certificate, ca *authority) func() {
	b.Helper()
	endpoint := serveTLS(b, cert, "HTTP/1.1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
		defer cancel()
		query := r.URL.Query()
		_, err := uuid.Parse(query.Get("OperationId"))
		if err != nil || query.Get("api-version") != "6.0" || query.Get("Force") != "false" || ctx.Err() != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("X-ServiceFabricRequestId", r.Header.Get("X-ServiceFabricRequestId"))
		w.WriteHeader(http.StatusOK)
	}), func(s *httptest.Server) {
		s.TLS.ClientAuth, s.TLS.ClientCAs = tls.RequireAndVerifyClientCert, ca.pool()
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: ca.pool(), Certificates: []tls.Certificate{admin},
	}}}
	b.Cleanup(client.CloseIdleConnections)
	return func() {
		ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
		defer cancel()
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() {}})
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/Faults/$/Cancel?api-version=6.0&timeout=60&Force=false&OperationId="+uuid.NewString(), http.NoBody)
		must(b, err)
		r.Header.Set("X-ServiceFabricRequestId", uuid.NewString())
		response, err := client.Do(r)
		must(b, err)
		_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
		must(b, err)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			b.Fatal(response.Status)
		}
	}
}
