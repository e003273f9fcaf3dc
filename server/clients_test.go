package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

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
