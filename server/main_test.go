package server_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/contract"
	"github.com/sfcancel/sfcancel/internal/imports"
	"github.com/sfcancel/sfcancel/server"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Everybody who imports this package gets all that it imports: a new line is a decision. Telemetry is
// in server/otel, for those who want it.
func TestImports(t *testing.T) {
	t.Parallel()
	imports.Check(t, "testdata/imports.txt")
}

const (
	id        = "11111111-1111-4111-8111-111111111111"
	partition = "1daae3f5-7fd6-42e9-b1ba-8c05f873994d"

	cancelPath   = "/Faults/$/Cancel"
	cancel       = cancelPath + "?api-version=6.0&OperationId=" + id
	gracefully   = cancel + "&Force=false"
	list         = "/Faults/?api-version=6.0"
	onPartition  = "/Faults/Services/app~svc/$/GetPartitions/" + partition + "/$/"
	onNode       = "/Faults/Nodes/_Node_0/$/"
	withID       = "?api-version=6.0&OperationId=" + id
	dataLoss     = onPartition + "StartDataLoss" + withID
	quorumLoss   = onPartition + "StartQuorumLoss" + withID
	restart      = onPartition + "StartRestart" + withID
	transition   = onNode + "StartTransition/" + withID
	lossProgress = onPartition + "GetDataLossProgress" + withID
)

// want is a status and, for a failure, a code.
type want struct {
	status int
	code   generated.ErrorCode
}

var (
	ok       = want{status: 200}
	accepted = want{status: 202}
	invalid  = want{400, generated.ErrorCodeInvalidArg}
	missing  = want{404, generated.ErrorCodeNameDoesNotExist}
)

// answer is what came back, and what the implementation saw.
type answer struct {
	want
	message string
	header  http.Header
	body    string
	spy     *spy
}

// parse reads a request line the way net/http does.
func parse(method, target string) (*http.Request, error) {
	return http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: cluster\r\n\r\n")))
}

// newHandler returns a handler whose every exchange is held against the document.
func newHandler(t testing.TB, impl generated.StrictServerInterface, opts ...server.Option) http.Handler {
	t.Helper()
	h := bareHandler(t, impl, opts...)
	return contract.Handler(t, edge(h), h)
}

// bareHandler returns a handler that nothing stands in front of. Who uses it says
// why, or has the exchanges checked on their way to the client.
func bareHandler(t testing.TB, impl generated.StrictServerInterface, opts ...server.Option) *server.Handler {
	t.Helper()
	h, err := server.New(impl, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// edge is what a checker has to know of a handler.
func edge(h *server.Handler) contract.Edge {
	p, version, secured := h.Settings()
	return contract.Edge{Profile: p, RuntimeVersion: version, Authenticates: secured}
}

// ask sends one request to a new handler in front of a new spy.
func ask(t testing.TB, method, target string, opts ...server.Option) answer {
	t.Helper()
	r, err := parse(method, target)
	if err != nil {
		t.Fatal(err)
	}
	return askWith(t, &spy{}, r, opts...)
}

func askWith(t testing.TB, s *spy, r *http.Request, opts ...server.Option) answer {
	t.Helper()
	a := serve(t, newHandler(t, s, opts...), r)
	a.spy = s
	return a
}

// serve sends one request to a handler and checks the shape of the answer.
func serve(t testing.TB, h http.Handler, r *http.Request) answer {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return shaped(t, w.Code, w.Header(), w.Body.Bytes())
}

// shaped checks what every answer has: a FabricError if it is a failure, no
// body if it is an empty success. Whether that has a type is for [emptyTypes].
func shaped(t testing.TB, status int, header http.Header, body []byte) answer {
	t.Helper()
	a := answer{want: want{status: status}, header: header, body: string(body)}
	if header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d without nosniff", status)
	}
	if len(header.Values("X-ServiceFabricRequestId")) != 1 {
		t.Errorf("%d without one request id: %v", status, header)
	}
	contentType := header.Get("Content-Type")
	if status < 400 && len(body) == 0 {
		if contentType != "" && contentType != emptyTypes[server.Runtime] {
			t.Errorf("empty %d has Content-Type %q", status, contentType)
		}
		return a
	}
	if contentType != "application/json; charset=utf-8" {
		t.Errorf("%d has Content-Type %q", status, contentType)
	}
	if status < 400 {
		if !json.Valid(body) {
			t.Errorf("%d with a body that is no JSON: %q", status, body)
		}
		return a
	}

	var e struct {
		Error *struct{ Code, Message *string }
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil || d.More() || e.Error == nil || e.Error.Code == nil || e.Error.Message == nil {
		t.Fatalf("%d is no FabricError: %v: %q", status, err, body)
	}
	if *e.Error.Code == "" || *e.Error.Message == "" {
		t.Errorf("%d has an empty part: %q", status, body)
	}
	a.code, a.message = generated.ErrorCode(*e.Error.Code), *e.Error.Message
	return a
}

// row is a named case. Its request goes to both profiles.
type row struct {
	name                string
	method              string // POST if empty
	target              string
	documented, runtime want
	opts                []server.Option
	sees                func(t *testing.T, s *spy) // checked after a success
}

func run(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		if r.method == "" {
			r.method = http.MethodPost
		}
		for profile, w := range map[server.Profile]want{server.Documented: r.documented, server.Runtime: r.runtime} {
			if w == (want{}) {
				continue // the case is about the other profile
			}
			t.Run(r.name+"/"+profile.String(), func(t *testing.T) {
				a := ask(t, r.method, r.target, append([]server.Option{server.WithProfile(profile)}, r.opts...)...)
				if a.want != w {
					t.Fatalf("%s %s:\n got %v %q\nwant %v", r.method, r.target, a.want, a.message, w)
				}
				if a.body == "" && a.header.Get("Content-Type") != emptyTypes[profile] {
					t.Errorf("empty %d has Content-Type %q, want %q", a.status, a.header.Get("Content-Type"), emptyTypes[profile])
				}
				if reached := a.spy.operation != ""; reached != (w.status < 400) {
					t.Errorf("implementation reached: %v", reached)
				}
				if r.sees != nil && w.status < 400 {
					r.sees(t, a.spy)
				}
			})
		}
	}
}

// spy is an implementation that notes what reached it and succeeds, unless act
// says otherwise.
type spy struct {
	operation string
	request   any
	left      time.Duration // until the deadline of the context
	act       func(ctx context.Context) error
}

func called[T any](ctx context.Context, s *spy, operation string, request any, answer T) (T, error) {
	contract.Reached(ctx)
	s.operation, s.request = operation, request
	if at, ok := ctx.Deadline(); ok {
		s.left = time.Until(at)
	}
	if s.act != nil {
		if err := s.act(ctx); err != nil {
			var none T
			return none, err
		}
	}
	return answer, nil
}

func (s *spy) GetFaultOperationList(ctx context.Context, r generated.GetFaultOperationListRequestObject) (generated.GetFaultOperationListResponseObject, error) {
	return called[generated.GetFaultOperationListResponseObject](ctx, s, "GetFaultOperationList", r, generated.GetFaultOperationList200JSONResponse{})
}

func (s *spy) CancelOperation(ctx context.Context, r generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	return called[generated.CancelOperationResponseObject](ctx, s, "CancelOperation", r, generated.CancelOperation200Response{})
}

func (s *spy) GetNodeTransitionProgress(ctx context.Context, r generated.GetNodeTransitionProgressRequestObject) (generated.GetNodeTransitionProgressResponseObject, error) {
	return called[generated.GetNodeTransitionProgressResponseObject](ctx, s, "GetNodeTransitionProgress", r, generated.GetNodeTransitionProgress200JSONResponse{State: generated.OperationStateRunning})
}

func (s *spy) StartNodeTransition(ctx context.Context, r generated.StartNodeTransitionRequestObject) (generated.StartNodeTransitionResponseObject, error) {
	return called[generated.StartNodeTransitionResponseObject](ctx, s, "StartNodeTransition", r, generated.StartNodeTransition202Response{})
}

func (s *spy) GetDataLossProgress(ctx context.Context, r generated.GetDataLossProgressRequestObject) (generated.GetDataLossProgressResponseObject, error) {
	return called[generated.GetDataLossProgressResponseObject](ctx, s, "GetDataLossProgress", r, generated.GetDataLossProgress200JSONResponse{State: generated.OperationStateRunning})
}

func (s *spy) GetQuorumLossProgress(ctx context.Context, r generated.GetQuorumLossProgressRequestObject) (generated.GetQuorumLossProgressResponseObject, error) {
	return called[generated.GetQuorumLossProgressResponseObject](ctx, s, "GetQuorumLossProgress", r, generated.GetQuorumLossProgress200JSONResponse{State: generated.OperationStateRunning})
}

func (s *spy) GetPartitionRestartProgress(ctx context.Context, r generated.GetPartitionRestartProgressRequestObject) (generated.GetPartitionRestartProgressResponseObject, error) {
	return called[generated.GetPartitionRestartProgressResponseObject](ctx, s, "GetPartitionRestartProgress", r, generated.GetPartitionRestartProgress200JSONResponse{State: generated.OperationStateRunning})
}

func (s *spy) StartDataLoss(ctx context.Context, r generated.StartDataLossRequestObject) (generated.StartDataLossResponseObject, error) {
	return called[generated.StartDataLossResponseObject](ctx, s, "StartDataLoss", r, generated.StartDataLoss202Response{})
}

func (s *spy) StartQuorumLoss(ctx context.Context, r generated.StartQuorumLossRequestObject) (generated.StartQuorumLossResponseObject, error) {
	return called[generated.StartQuorumLossResponseObject](ctx, s, "StartQuorumLoss", r, generated.StartQuorumLoss202Response{})
}

func (s *spy) StartPartitionRestart(ctx context.Context, r generated.StartPartitionRestartRequestObject) (generated.StartPartitionRestartResponseObject, error) {
	return called[generated.StartPartitionRestartResponseObject](ctx, s, "StartPartitionRestart", r, generated.StartPartitionRestart202Response{})
}

func (s *spy) cancel() generated.CancelOperationParams {
	r, _ := s.request.(generated.CancelOperationRequestObject)
	return r.Params
}

// issued is a certificate made for a test, with its key and with what a client
// sends along.
type issued struct {
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	chain [][]byte
}

func (i *issued) tls() tls.Certificate {
	return tls.Certificate{Certificate: i.chain, PrivateKey: i.key, Leaf: i.cert}
}

func (i *issued) thumbprint() string { return fmt.Sprintf("%x", sha1.Sum(i.cert.Raw)) }

func (i *issued) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(i.cert)
	return pool
}

// issue makes a client certificate with that common name, changed as asked for.
// Without an issuer it is self-signed.
func issue(t testing.TB, by *issued, name string, changes ...func(*x509.Certificate)) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := issueTemplate(name)
	for _, change := range changes {
		change(template)
	}
	subject := &issued{key: key}
	if by == nil {
		return sign(t, template, template, subject, key)
	}
	return sign(t, template, by.cert, subject, by.key)
}

// issueTemplate is a certificate as a client has it.
func issueTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial.Add(1)),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

var serial atomic.Int64

// sign makes the certificate of a template for the key of a subject.
func sign(t testing.TB, template, parent *x509.Certificate, subject *issued, by *ecdsa.PrivateKey) *issued {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &subject.key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{cert: cert, key: subject.key, chain: [][]byte{der}}
}

func authority(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid = true, true
	c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageCertSign, nil
}

func ofServer(c *x509.Certificate) {
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
}

func expired(c *x509.Certificate)  { c.NotAfter = time.Now().Add(-time.Minute) }
func early(c *x509.Certificate)    { c.NotBefore = time.Now().Add(time.Minute) }
func anyUsage(c *x509.Certificate) { c.ExtKeyUsage = nil }

// severalNames replaces the common name with several.
func severalNames(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject = pkix.Name{}
		for _, name := range names {
			c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: name})
		}
	}
}

// sending adds what a client sends after its own certificate.
func (i *issued) sending(others ...*issued) *issued {
	with := *i
	with.chain = i.chain[:1:1]
	for _, o := range others {
		with.chain = append(with.chain, o.chain[0])
	}
	return &with
}

var (
	turnedAway = want{status: 403} // and nothing else
	denied     = want{403, generated.ErrorCodeAccessDenied}
)

var protocols = []string{"HTTP/1.1", "HTTP/2.0"}

// secure serves a handler over TLS on a real socket.
type secure struct {
	url   string
	roots *x509.CertPool
}

func listen(t testing.TB, h http.Handler, config *tls.Config, roots *x509.CertPool) *secure {
	t.Helper()
	if bare, ok := h.(*server.Handler); ok {
		h = contract.Handler(t, edge(bare), bare)
	}
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = server.NewHTTPServer(h, nil)
	srv.TLS = config
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return &secure{url: srv.URL, roots: roots}
}

func listenFor(t testing.TB, h http.Handler) *secure {
	t.Helper()
	cert := issue(t, nil, "server", ofServer)
	return listen(t, h, server.TLSConfig(cert.tls()), cert.pool())
}

// as returns a client of one protocol that shows a certificate, or none.
func (s *secure) as(t testing.TB, cert *issued, proto string, changes ...func(*tls.Config)) *http.Client {
	t.Helper()
	config := &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if cert == nil {
			return &tls.Certificate{}, nil
		}
		c := cert.tls()
		return &c, nil
	}
	for _, change := range changes {
		change(config)
	}
	transport := &http.Transport{TLSClientConfig: config, Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(proto == "HTTP/1.1")
	transport.Protocols.SetHTTP2(proto == "HTTP/2.0")
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// send sends one request and checks the shape of the answer. A client that is
// turned away gets nothing to read.
func (s *secure) send(t testing.TB, c *http.Client, method, target string, header http.Header) (got answer, proto string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answerOf(t, resp.StatusCode, resp.Header, body), resp.Proto
}

func (s *secure) head(t testing.TB, c *http.Client, target string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.url+target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func answerOf(t testing.TB, status int, header http.Header, body []byte) answer {
	t.Helper()
	switch {
	case status == http.StatusForbidden && len(body) == 0:
		for _, name := range []string{"Content-Type", "Www-Authenticate"} {
			if header.Values(name) != nil {
				t.Errorf("an empty 403 has %s %q", name, header.Values(name))
			}
		}
		return answer{want: turnedAway, header: header}
	case strings.HasPrefix(header.Get("Content-Type"), "text/html"):
		return answer{want: want{status: status}, header: header, body: string(body)}
	default:
		return shaped(t, status, header, body)
	}
}
