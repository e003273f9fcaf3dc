package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// A page of another site cannot have a browser change anything. Programs, and pages of the server's own
// host, say nothing that would keep them out.
func TestOrigins(t *testing.T) {
	const own, evil = "http://cluster", "https://evil.example"
	for _, tt := range []struct {
		name, method, target string
		header               [2]string
		trusted              []string
		want                 want
	}{
		{"a program", "POST", gracefully, [2]string{}, nil, ok},
		{"a form of another site", "POST", gracefully, [2]string{"Sec-Fetch-Site", "cross-site"}, nil, denied},
		{"a form of another host of the site", "POST", gracefully, [2]string{"Sec-Fetch-Site", "same-site"}, nil, denied},
		{"a force", "POST", cancel + "&Force=true", [2]string{"Sec-Fetch-Site", "cross-site"}, nil, denied},
		{"a start", "POST", dataLoss + "&DataLossMode=FullDataLoss", [2]string{"Sec-Fetch-Site", "cross-site"}, nil, denied},
		{"an old browser", "POST", gracefully, [2]string{"Origin", evil}, nil, denied},
		{"a file, or a page in a sandbox", "POST", gracefully, [2]string{"Origin", "null"}, nil, denied},
		{"another port", "POST", gracefully, [2]string{"Origin", own + ":8080"}, nil, denied},
		{"a page of its own", "POST", gracefully, [2]string{"Sec-Fetch-Site", "same-origin"}, nil, ok},
		{"an old browser at home", "POST", gracefully, [2]string{"Origin", own}, nil, ok},
		{"the address bar", "POST", gracefully, [2]string{"Sec-Fetch-Site", "none"}, nil, ok},
		{"a read changes nothing", "GET", everything, [2]string{"Sec-Fetch-Site", "cross-site"}, nil, ok},
		{"a site that may", "POST", gracefully, [2]string{"Origin", evil}, []string{evil}, ok},
		{"a site that may not", "POST", gracefully, [2]string{"Origin", evil + ":8443"}, []string{evil}, denied},
		{"what is wrong besides comes first", "POST", "/nowhere", [2]string{"Origin", evil}, nil, invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parse(tt.method, tt.target)
			if err != nil {
				t.Fatal(err)
			}
			if tt.header[0] != "" {
				r.Header.Set(tt.header[0], tt.header[1])
			}
			got := askWith(t, &spy{}, r, server.WithOrigins(tt.trusted...))
			if got.want != tt.want || (got.spy.operation != "") != (tt.want == ok) {
				t.Errorf("got %v %q, reached %q, want %v", got.want, got.message, got.spy.operation, tt.want)
			}
		})
	}
}

func TestOriginsThatCannotBe(t *testing.T) {
	for name, option := range map[string]server.Option{
		"a host alone": server.WithOrigins("example.com"), "a path": server.WithOrigins("https://example.com/"),
		"everybody": server.WithOrigins("*"), "a blank host": server.WithHosts(" "),
	} {
		if h, err := server.New(&spy{}, option); err == nil || h != nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// On a loopback address where everybody is an admin only loopback names are served, because any other
// may be that of a page which had it resolve to this machine.
func TestHosts(t *testing.T) {
	authenticated := server.WithAuthenticator(func(*http.Request) (server.Role, string, error) { return server.Admin, "", nil })
	for _, tt := range []struct {
		name, host string
		opts       []server.Option
		want       int
	}{
		{"localhost", "localhost:19080", nil, 200},
		{"localhost, as written in a hurry", "LocalHost.:19080", nil, 200},
		{"without a port", "localhost", nil, 200},
		{"below localhost", "sf.localhost:19080", nil, 200},
		{"an address", "127.0.0.1:19080", nil, 200},
		{"another loopback address", "127.8.0.1", nil, 200},
		{"IPv6", "[::1]:19080", nil, 200},
		{"IPv6 without a port", "[::1]", nil, 200},
		{"rebound", "rebind.evil.example:19080", nil, 403},
		{"a name that looks like one", "localhost.evil.example", nil, 403},
		{"an address that is none", "127.0.0.1.evil.example", nil, 403},
		{"another address", "10.0.0.1:19080", nil, 403},
		{"everything", "0.0.0.0:19080", nil, 403},
		{"a proxy's", "SF.example.com", []server.Option{server.WithHosts("sf.example.com")}, 200},
		{"not a proxy's", "x.sf.example.com", []server.Option{server.WithHosts("sf.example.com")}, 403},
		{"where people say who they are", "sf.example.com", []server.Option{authenticated}, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := server.NewHTTPServer(newHandler(t, &spy{}, tt.opts...), nil)
			for _, target := range []string{everything, "/"} {
				if got := overLoopback(t, srv, "GET "+target+" HTTP/1.1\r\nHost: "+tt.host+"\r\n"); got != tt.want {
					t.Errorf("%s: got %d, want %d", target, got, tt.want)
				}
			}
		})
	}
	t.Run("none, in HTTP/1.0", func(t *testing.T) {
		if got := overLoopback(t, server.NewHTTPServer(newHandler(t, &spy{}), nil), "GET "+everything+" HTTP/1.0\r\n"); got != 200 {
			t.Errorf("got %d", got)
		}
	})
	t.Run("a server of one's own that says nothing of its address", func(t *testing.T) {
		if got := overLoopback(t, &http.Server{Handler: newHandler(t, &spy{})}, "GET "+everything+" HTTP/1.1\r\nHost: c\r\n"); got != 200 {
			t.Errorf("got %d", got)
		}
	})
}

// overLoopback sends a request to a server at a loopback address, and returns the status.
func overLoopback(t *testing.T, srv *http.Server, text string) int {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = srv.Serve(listener) }()
	defer func() { _ = listener.Close(); <-served }()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text+"Connection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// What real clients send to a loopback address passes (real clients §2): none says where it comes from, and
// the host is that of the endpoint.
func TestRealClientsPassTheOrigin(t *testing.T) {
	srv := server.NewHTTPServer(newHandler(t, &spy{}), nil)
	for _, host := range []string{"localhost:19080", "127.0.0.1:19080", "[::1]:19080"} {
		for client, header := range map[string]string{
			"Go autorest": "User-Agent: Go/go1.10 go-autorest/v10.8.1\r\nAccept-Encoding: gzip\r\n",
			"azcore":      "Accept: application/json\r\n",
			"npm":         "Content-Type: application/json; charset=utf-8\r\n",
			"Python":      "Accept: application/json\r\nAccept-Encoding: gzip, deflate\r\n",
			".NET":        "X-ServiceFabricRequestId: " + id + ":" + partition + "\r\nX-ServiceFabricClientType: CSharpClientlib-Linux\r\n",
			"curl":        "User-Agent: curl/8\r\nAccept: */*\r\n",
		} {
			text := "POST " + gracefully + "&timeout=60 HTTP/1.1\r\nhost: " + host + "\r\nContent-Length: 0\r\n" + header
			if got := overLoopback(t, srv, text); got != 200 {
				t.Errorf("%s at %s: got %d, want 200", strings.TrimSpace(client), host, got)
			}
		}
	}
}

// An authenticator of one's own gives each request a role, or turns its client away, at the place
// of the certificates and with their rules for roles.
func TestAuthenticator(t *testing.T) {
	t.Parallel()
	unauthorised := &server.Error{
		Status: http.StatusUnauthorized, Code: generated.ErrorCodeAccessDenied, Message: "A token is missing.",
		Header: http.Header{"Www-Authenticate": {"Bearer"}},
	}
	tokens := func(r *http.Request) (server.Role, string, error) {
		switch r.Header.Get("Authorization") {
		case "":
			return 0, "", unauthorised
		case "Bearer admin":
			return server.Admin, "ann", nil
		case "Bearer user":
			return server.User, "joe", nil
		case "Bearer nobody":
			return 0, "eve", nil
		default:
			return 0, "", errors.New(secret)
		}
	}
	h := bareHandler(t, &spy{}, server.WithAuthenticator(tokens))
	for _, tt := range []struct {
		name, method, target, token string
		want                        want
	}{
		{"an admin cancels", "POST", gracefully, "Bearer admin", ok},
		{"a user does not", "POST", gracefully, "Bearer user", denied},
		{"a user lists", "GET", list + "&StateFilter=1&TypeFilter=1", "Bearer user", ok},
		{"no role", "POST", gracefully, "Bearer nobody", turnedAway},
		{"another error", "POST", gracefully, "Bearer junk", turnedAway},
		{"an Error of its own", "POST", gracefully, "", want{401, generated.ErrorCodeAccessDenied}},
		{"the path comes first", "POST", "/Faults/$/Nothing?api-version=6.0", "", invalid},
		{"the parameters come after", "POST", cancel + "&Force=1", "Bearer junk", turnedAway},
		{"what needs no certificate", "GET", "/$/GetAadMetadata?api-version=6.0", "", ok},
	} {
		r, err := parse(tt.method, tt.target)
		if err != nil {
			t.Fatal(err)
		}
		if tt.token != "" {
			r.Header.Set("Authorization", tt.token)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := answerOf(t, w.Code, w.Header(), w.Body.Bytes())
		if got.want != tt.want {
			t.Errorf("%s: got %v %q, want %v", tt.name, got.want, got.message, tt.want)
		}
		if challenge := w.Header().Get("WWW-Authenticate"); (challenge != "") != (got.status == 401) {
			t.Errorf("%s: %d with the challenge %q", tt.name, got.status, challenge)
		}
	}
	if _, err := server.New(&spy{}, server.WithAuthenticator(tokens), server.WithClientCertificates(server.ClientCertificates{Admin: []string{"0123456789ABCDEF0123456789ABCDEF01234567"}})); err == nil {
		t.Error("an authenticator beside certificates: got no error, want one")
	}
}

// §7: what a user may do, operation by operation.
func TestRoles(t *testing.T) {
	admin, user := issue(t, nil, "admin"), issue(t, nil, "user")
	var s spy
	h := bareHandler(t, &s, server.WithClientCertificates(server.ClientCertificates{
		Admin: []string{admin.thumbprint()}, User: []string{user.thumbprint()}, Roles: true,
	}))
	var grown bool
	h.AddRoute(http.MethodGet, "/Faults/Racks", func(w http.ResponseWriter, _ map[string]string) {
		grown = true
		w.WriteHeader(http.StatusOK)
	})
	at := listenFor(t, h)
	beyond := listenFor(t, http.HandlerFunc(h.ServeHTTP)) // not held against the document, which lacks the racks
	asAdmin, asUser := at.as(t, admin, "HTTP/2.0"), at.as(t, user, "HTTP/2.0")

	forUsers := map[string]bool{
		"GetFaultOperationList": true, "GetDataLossProgress": true, "GetQuorumLossProgress": true,
		"GetPartitionRestartProgress": true, "GetNodeTransitionProgress": true,
	}
	for operation, r := range complete {
		t.Run("runtime §7: "+operation, func(t *testing.T) {
			s = spy{}
			if got, _ := at.send(t, asAdmin, r.method, r.target, nil); got.status >= 300 || s.operation != operation {
				t.Errorf("admin: got %v, reached %q", got.want, s.operation)
			}
			s = spy{}
			got, _ := at.send(t, asUser, r.method, r.target, nil)
			if forUsers[operation] && (got.status >= 300 || s.operation != operation) || !forUsers[operation] && (got.want != denied || s.operation != "") {
				t.Errorf("user: got %v, reached %q", got.want, s.operation)
			}
		})
	}
	t.Run("an operation that the document gained is for admins", func(t *testing.T) {
		if got, _ := beyond.send(t, beyond.as(t, user, "HTTP/2.0"), "GET", "/Faults/Racks?api-version=6.0", nil); got.want != denied || grown {
			t.Errorf("user: got %v, reached: %v", got.want, grown)
		}
		if got, _ := beyond.send(t, beyond.as(t, admin, "HTTP/2.0"), "GET", "/Faults/Racks?api-version=6.0", nil); got.want != ok || !grown {
			t.Errorf("admin: got %v, reached: %v", got.want, grown)
		}
	})
}

func TestClientRole(t *testing.T) {
	admin, user := issue(t, nil, "admin"), issue(t, nil, "user")
	in := server.ClientCertificates{Admin: []string{admin.thumbprint()}, User: []string{user.thumbprint()}, Roles: true}
	noRoles := in
	noRoles.Roles = false
	for _, tt := range []struct {
		name string
		opts []server.Option
		cert *issued
		want server.Role
	}{
		{"§7: no security, everybody is an admin", nil, nil, server.Admin},
		{"§7: admin", []server.Option{server.WithClientCertificates(in)}, admin, server.Admin},
		{"§7: user", []server.Option{server.WithClientCertificates(in)}, user, server.User},
		{"§7: user without roles", []server.Option{server.WithClientCertificates(noRoles)}, user, server.Admin},
		{"the last option wins", []server.Option{server.WithClientCertificates(noRoles), server.WithClientCertificates(in)}, user, server.User},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got server.Role
			s := &spy{act: func(ctx context.Context) error {
				got = server.ClientRole(ctx)
				if server.RequestID(ctx) == "" {
					t.Error("request id beside the role: got none, want one")
				}
				return nil
			}}
			at := listenFor(t, bareHandler(t, s, tt.opts...))
			if a, _ := at.send(t, at.as(t, tt.cert, "HTTP/1.1"), "GET", complete["GetFaultOperationList"].target, nil); a.want != ok {
				t.Fatalf("got %v", a.want)
			}
			if got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if got := server.ClientRole(t.Context()); got != 0 {
		t.Errorf("outside of a request: %v", got)
	}
	for role, text := range map[server.Role]string{0: "Role(0)", server.User: "user", server.Admin: "admin", 7: "Role(7)"} {
		if got := role.String(); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
}

var serverCluster = server.WithClusterID("Main-Cluster")

func TestClusterID(t *testing.T) {
	denied := want{403, generated.ErrorCodeAccessDenied}
	tests := []struct {
		name   string
		opts   []server.Option
		header []string
		want   want
	}{
		{"runtime §1.2: same id", []server.Option{serverCluster}, []string{"Main-Cluster"}, ok},
		{"runtime §1.2: same id in other letter case", []server.Option{serverCluster}, []string{"main-cluster"}, ok},
		{"runtime §1.2: different id", []server.Option{serverCluster}, []string{"other"}, denied},
		{"runtime §1.2: empty header is a different id", []server.Option{serverCluster}, []string{""}, denied},
		{"runtime §1.2: no header", []server.Option{serverCluster}, nil, ok},
		{"runtime §1.2: none configured", nil, []string{"other"}, ok},
		{"runtime §1.2: configured empty", []server.Option{server.WithClusterID("")}, []string{"other"}, ok},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parse("POST", gracefully)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range tt.header {
				r.Header.Add("ClusterId", v)
			}
			if got := askWith(t, &spy{}, r, tt.opts...); got.want != tt.want {
				t.Errorf("got %v, want %v", got.want, tt.want)
			}
		})
	}
}

// §1.2: authentication comes after path, verb, version and ClusterId, and before
// the body; the role comes after the parameters.
func TestOrderOfSecurity(t *testing.T) {
	user := issue(t, nil, "user")
	h := bareHandler(t, &spy{}, serverCluster, server.WithClientCertificates(server.ClientCertificates{User: []string{user.thumbprint()}, Roles: true}))
	elsewhere := http.Header{"Clusterid": {"other"}}
	const metadata, clusterVersion = "/$/GetAadMetadata?api-version=6.0", "/$/GetClusterVersion?api-version=6.4&timeout=60"
	tests := []struct {
		name           string
		method, target string
		header         http.Header
		length         int64
		cert           *issued
		want           want
	}{
		{"§1.2: no certificate, no api-version", "POST", cancelPath + "?OperationId=" + id, nil, 0, nil, invalid},
		{"§1.2: no certificate, unknown path", "POST", "/Faults/$/Nothing?api-version=6.0", nil, 0, nil, invalid},
		{"§1.2: no certificate, wrong verb", "GET", gracefully, nil, 0, nil, invalid},
		{"§1.2: no certificate, another cluster", "POST", gracefully, elsewhere, 0, nil, denied},
		{"§1.2: no certificate, body too large", "POST", gracefully, nil, 5 << 20, nil, turnedAway},
		{"§1.2: no certificate, bad parameter", "POST", cancel + "&Force=1", nil, 0, nil, turnedAway},
		{"§7: no certificate, all else right", "POST", gracefully, nil, 0, nil, turnedAway},
		{"§1.2: user, no api-version", "POST", cancelPath + "?OperationId=" + id, nil, 0, user, invalid},
		{"§1.2: user, another cluster", "POST", gracefully, elsewhere, 0, user, denied},
		{"§1.2: user, body too large", "POST", gracefully, nil, 5 << 20, user, want{413, generated.ErrorCodeMessageTooLarge}},
		{"§1.2: user, bad parameter", "POST", cancel + "&Force=1", nil, 0, user, invalid},
		{"§1.2: user, missing parameter", "POST", cancel, nil, 0, user, missing},
		{"§1.2: user, bad timeout", "POST", gracefully + "&timeout=0", nil, 0, user, invalid},
		{"§7: user, all else right", "POST", gracefully, nil, 0, user, denied},

		{"ClusterManagementHandler.cpp: GetAadMetadata without a certificate", "GET", metadata, nil, 0, nil, ok},
		{"§7: GetAadMetadata without an api-version", "GET", "/$/GetAadMetadata", nil, 0, nil, invalid},
		{"§1.2: GetAadMetadata of another cluster", "GET", metadata, elsewhere, 0, nil, denied},
		{"ClusterManagementHandler.cpp: the root without a certificate", "GET", "/", nil, 0, nil, turnedAway},
		{"§1.2: the root of another cluster", "GET", "/", elsewhere, 0, nil, denied},
		{"§1.2: another verb on the root without a certificate", "HEAD", "/", nil, 0, nil, want{status: 400}},
		{"ClusterManagementHandler.cpp: the root as a user", "GET", "/", nil, 0, user, ok},
		{"ClientAccessConfig.h: GetClusterVersion without a certificate", "GET", clusterVersion, nil, 0, nil, turnedAway},
		{"§1.2: GetClusterVersion without certificate and api-version", "GET", "/$/GetClusterVersion", nil, 0, nil, invalid},
		{"ClientAccessConfig.h: GetClusterVersion as a user", "GET", clusterVersion, nil, 0, user, ok},
	}
	at := listenFor(t, h)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.length == 0 {
				for _, proto := range protocols {
					c := at.as(t, tt.cert, proto)
					if tt.method == http.MethodHead {
						c.Transport.(*http.Transport).DisableCompression = true
						if got := at.head(t, c, tt.target); got != tt.want.status {
							t.Errorf("%s: got %d", proto, got)
						}
						continue
					}
					if got, _ := at.send(t, c, tt.method, tt.target, tt.header); got.want != tt.want {
						t.Errorf("%s: got %v %s, want %v", proto, got.want, got.message, tt.want)
					}
				}
				return
			}
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, http.NoBody)
			r.ContentLength = tt.length
			r.TLS = &tls.ConnectionState{}
			if tt.cert != nil {
				r.TLS.PeerCertificates = []*x509.Certificate{tt.cert.cert}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got := answerOf(t, w.Code, w.Header(), w.Body.Bytes()); got.want != tt.want {
				t.Errorf("got %v, want %v", got.want, tt.want)
			}
		})
	}
}
