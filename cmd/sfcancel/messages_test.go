package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/readonly"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// provoked is a command line that provokes the message of a cause, over a socket.
type provoked struct {
	cause string
	args  []string
	code  int
}

// answering starts a server with one answer for every request.
func answering(t *testing.T, status int, kind, body string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// hangsUp starts a server that writes some bytes to every connection, and closes it.
func hangsUp(t *testing.T, address, bytes string) (at string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1<<10))
			_, _ = io.WriteString(conn, bytes)
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

func fabricError(code string) string {
	return fmt.Sprintf(`{"Error":{"Code":%q,"Message":"a reason"}}`, code)
}

// The cause of every message produces the message, in at most 160 characters, and without words of Go.
func TestMessages(t *testing.T) {
	p := newTestPKI(t)
	secured := securedBy(t, p)
	host := strings.TrimPrefix(secured, "https://")
	plainServer := serveInTest(t, "--freeze")
	id := start(t, plainServer, dataLoss...)
	stopping := start(t, plainServer, dataLoss...)
	if code, out, errs := sfcancel(t, "cancel", stopping, "--endpoint", plainServer); code != exitOK {
		t.Fatal(out, errs)
	}
	node := []string{"start", "node-transition", "--node", "_Node_0", "--instance", "5", "--endpoint", plainServer}
	if code, out, errs := sfcancel(t, node...); code != exitOK {
		t.Fatal(out, errs)
	}
	near := id[:35] + map[bool]string{true: "1", false: "0"}[id[35] == '0']
	admin := []string{"--cert", p.file("admin.pem"), "--key", p.file("admin.key")}
	trust := []string{"--ca", p.file("ca.pem")}
	with := func(args ...[]string) []string { return slices.Concat(args...) }
	list := func(endpoint string, more ...[]string) []string {
		return with(append([][]string{{"list", "--endpoint", endpoint}}, more...)...)
	}
	cancel := func(endpoint string, more ...[]string) []string {
		return with(append([][]string{{"cancel", id, "--endpoint", endpoint}}, more...)...)
	}
	force := func(more ...string) []string {
		return append([]string{"force", id, "--endpoint", plainServer}, more...)
	}
	soon := []string{"--timeout", "1s"}
	hangs := hanging(t)
	expired := expiredServer(t, p)
	dir := t.TempDir()
	foreign, locked := filepath.Join(dir, "foreign"), filepath.Join(dir, "locked")
	if err := os.WriteFile(foreign, []byte("notes of somebody else, and no ledger"), 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := bolt.Open(locked)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	open := filepath.Join(dir, "open")
	if err := errors.Join(os.Mkdir(open, 0o700), os.Chmod(open, 0o777)); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged")
	if code, out, errs := sfcancel(t, "cancel", id, "--endpoint", answering(t, 200, "", ""), "--ledger", "file:"+damaged); code != exitOK {
		t.Fatal(out, errs)
	}
	shard := filepath.Join(damaged, id[:2]+".jsonl")
	if text, err := os.ReadFile(shard); err != nil || os.WriteFile(shard, []byte(strings.Replace(string(text), "Accepted", "NotFound", 1)), 0o600) != nil {
		t.Fatal(err)
	}
	encrypted, marked := filepath.Join(dir, "encrypted"), filepath.Join(dir, "marked")
	p.write(t, "encrypted", "ENCRYPTED PRIVATE KEY", []byte("secret"))
	certificate, err := os.ReadFile(p.file("admin.pem"))
	if err := errors.Join(err, os.Rename(p.file("encrypted"), encrypted), os.WriteFile(marked, append([]byte("\xef\xbb\xbf"), certificate...), 0o600)); err != nil {
		t.Fatal(err)
	}
	proxy := answering(t, http.StatusProxyAuthRequired, "text/html", "log in")

	for _, c := range []provoked{
		{"key-encrypted", list(secured, []string{"--cert", p.file("admin.pem"), "--key", encrypted}), exitUsage},
		{"key-of-another", list(secured, []string{"--cert", p.file("admin.pem"), "--key", p.file("user.key")}), exitUsage},
		{"byte-order-mark", list(secured, []string{"--cert", marked, "--key", p.file("admin.key")}), exitUsage},
		{"no-pem", list(secured, []string{"--cert", foreign, "--key", p.file("admin.key")}), exitUsage},
		{"file-unreadable", list(secured, []string{"--ca", filepath.Join(dir, "no.pem")}), exitUsage},
		{"token-command", list(plainServer, []string{"--token-command", "false"}), exitNotSent},
		{"native-port", list("http://" + hangsUp(t, "127.0.0.4:19000", "\x01\x02\x03")), exitNotSent},
		{"outcome-unknown", cancel(hangs, soon), exitUnknown},
		{"ledger-open", force("--ledger", "file:"+open), exitPolicy},
		{"ledger-damaged", force("--ledger", "file:"+damaged), exitPolicy},
		{"ledger-foreign", force("--ledger", "bolt:"+foreign), exitPolicy},
		{"ledger-locked", force("--ledger", "bolt:"+locked, "--timeout", "1s"), exitPolicy},
		{"ledger-unreachable", force("--ledger", "etcd://127.0.0.1:1/x", "--timeout", "2s"), exitPolicy},
		{"ledger-at-the-force", []string{"stop", stopping, "--endpoint", plainServer, "--grace", "1ms", "--ledger", "bolt:" + foreign}, exitNotFinished},
		{"grace-too-long", []string{"force", stopping, "--endpoint", plainServer, "--policy", "graceful-first", "--grace", "7.999999s", "--timeout", "8s", "--ledger", "none"}, exitPolicy},
		{"no-graceful-cancel", force(), exitPolicy},
		{"not-finished", []string{"wait", id, "--endpoint", plainServer, "--timeout", "1s"}, exitNotFinished},
		{"unknown-id", []string{"cancel", near, "--endpoint", plainServer}, exitNotFound},
		{"proxy", list(secured, admin, soon, []string{"--proxy", proxy}), exitNotSent},
		{"dns", list("http://nowhere.invalid:19080", soon), exitNotSent},
		{"nothing-listens", list("http://"+closedPort(t), soon), exitNotSent},
		{"http-to-https", list("http://" + host), exitRefused},
		{"https-to-http", list(strings.Replace(plainServer, "http:", "https:", 1), trust), exitNotSent},
		{"certificate-untrusted", list(secured, admin), exitNotSent},
		{"certificate-name", list(strings.Replace(secured, "127.0.0.1", "localhost", 1), admin, trust), exitNotSent},
		{"certificate-expired", list(expired, trust), exitNotSent},
		{"certificate-pin", list(secured, admin, []string{"--server-thumbprint", strings.Repeat("0", 40)}), exitNotSent},
		{"certificate-wanted", list(picky(t, p), trust), exitNotSent},
		{"certificate-refused", list(picky(t, p), trust, []string{"--cert", p.file("foreign.pem"), "--key", p.file("foreign.key")}), exitNotSent},
		{"token-refused", list(answering(t, 401, "", ""), []string{"--token-command", "echo x"}), exitRefused},
		{"role-too-low", cancel(secured, trust, []string{"--cert", p.file("user.pem"), "--key", p.file("user.key")}), exitRefused},
		{"certificate-unknown", list(secured, trust, []string{"--cert", p.file("stranger.pem"), "--key", p.file("stranger.key")}), exitRefused},
		{"certificate-missing", list(secured, trust), exitRefused},
		{"no-fault-service", list(answering(t, 500, "application/json", fabricError("FMFailoverUnitNotFound"))), exitRefused},
		{"node-in-transition", node, exitRefused},
		{"id-in-use", []string{"start", "restart", "--service", "shop/orders", "--partition", uuid.NewString(), "--id", id, "--endpoint", plainServer}, exitRefused},
		{"force-too-early", force("--policy", "server-decides", "--ledger", "none"), exitRefused},
		{"html", list(answering(t, 404, "text/html", "<!DOCTYPE html><title>Sign in</title>")), exitRefused},
		{"not-service-fabric", list(answering(t, 404, "text/plain", "no such page")), exitRefused},
		{"refused", cancel(answering(t, 400, "application/json", fabricError("FABRIC_E_X"))), exitRefused},
		{"not-ready", list(answering(t, 503, "application/json", fabricError("FABRIC_E_NOT_READY")), soon), exitNotSent},
		{"time-over", list(hangs, soon), exitNotSent},
		{"connection-lost", list("http://"+hangsUp(t, "127.0.0.1:0", ""), soon), exitNotSent},
	} {
		t.Run(c.cause, c.check)
	}
	for _, m := range messages { // other tests provoke some of them
		if _, err := os.Stat(filepath.Join("testdata", "messages", m.cause)); err != nil {
			t.Errorf("%s: got no golden file, want a test that provokes the message", m.cause)
		}
	}
}

// check provokes a message and compares it with its golden file.
func (c provoked) check(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	code, out, errs := sfcancel(t, append(c.args, "-o", "json")...)
	var doc errorJSON
	if err := json.Unmarshal([]byte(out), &doc); err != nil && c.cause != "unknown-id" { // has the document of a verdict
		t.Fatalf("got %v, want a document: %s%s", err, out, errs)
	}
	lines := strings.Split(strings.TrimSpace(errs), "\n")
	said, _ := strings.CutPrefix(lines[len(lines)-1], "sfcancel: ")
	if code != c.code || doc.Cause != c.cause && c.cause != "unknown-id" || doc.Error != said && doc.Error != "" {
		t.Fatalf("exit %d with the cause %q, want %d with %q: %s\n%s", code, doc.Cause, c.code, c.cause, errs, doc.Detail)
	}
	if len(said) > 160 || goWords.MatchString(said) {
		t.Errorf("got %d characters, want 160 at most without words of Go: %s", len(said), said)
	}
	golden(t, "messages/"+c.cause, anonymous(said)+"\n")
}

// The message for a ledger that can be read but not written, by a force that the policy allows.
func TestMessageLedgerReadOnly(t *testing.T) {
	url := serveInTest(t, "--freeze")
	dir := filepath.Join(t.TempDir(), "ledger")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	readonly.Dir(t, dir)
	provoked{"ledger-read-only", []string{"force", start(t, url, dataLoss...), "--endpoint", url, "--policy", "server-decides", "--ledger", "file:" + dir}, exitPolicy}.check(t)
}

var goWords = regexp.MustCompile(`context|strconv|net/http|x509|tls:|\bEOF\b|\*|%!|\?api|Timeout=|[a-z]+\.[A-Z]|\[0\]|dial tcp|{`)

// anonymous replaces what differs from run to run in a message.
func anonymous(text string) string {
	for _, c := range [][2]string{
		{`[0-9a-f]{8}-[0-9a-f-]{27}`, "ID"},
		{`(127\.0\.0\.\d|localhost):\d+`, "HOST"},
		{`\b[0-9A-F]{40}\b`, "THUMBPRINT"},
		{`[^ (]*TestMessages[^ :)]*/`, "DIR/"},
		{`\.\.\.[^ ]*/`, "DIR/"},
		{`\d\d:\d\d:\d\d`, "TIME"},
		{`\d{4}-\d\d-\d\d`, "DATE"},
	} {
		text = regexp.MustCompile(c[0]).ReplaceAllString(text, c[1])
	}
	return text
}

// golden compares a text with a file of testdata, or rewrites the file with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(got), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%s: got %q, want %q (%v); -update rewrites it", name, got, want, err)
	}
}

// closedPort returns an address at which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	return listener.Addr().String()
}

// hanging starts a server that never answers.
func hanging(t *testing.T) string {
	t.Helper()
	end := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-end:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(end); srv.Close() })
	return srv.URL
}

// expiredServer starts a server with an expired certificate.
func expiredServer(t *testing.T, p *testPKI) string {
	t.Helper()
	c := p.issue(t, "expired", func(c *x509.Certificate) {
		c.IPAddresses, c.NotAfter = []net.IP{net.IPv4(127, 0, 0, 1)}, time.Now().Add(-time.Minute)
	})
	return tlsServer(t, &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12})
}

// picky starts a server that ends the handshake with a client without a certificate of the authority.
func picky(t *testing.T, p *testPKI) string {
	t.Helper()
	other := newTestPKI(t)
	key, err := x509.MarshalPKCS8PrivateKey(other.clients["admin"].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, "foreign.pem", "CERTIFICATE", other.clients["admin"].Leaf.Raw)
	p.write(t, "foreign.key", "PRIVATE KEY", key)
	roots := x509.NewCertPool()
	roots.AddCert(p.ca)
	return tlsServer(t, &tls.Config{
		Certificates: []tls.Certificate{p.clients["server"]}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots, MinVersion: tls.VersionTLS12,
	})
}

func tlsServer(t *testing.T, config *tls.Config) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "[]") }))
	srv.TLS = config
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv.URL
}

// A command that cannot connect ends after 5 s, and reports after 1 s that it tries again.
func TestUnreachableEndsEarly(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes 5 s")
	}
	url := "http://" + closedPort(t)
	code, _, errs := sfcancel(t, "wait", uuid.NewString(), "--endpoint", url)
	if code != exitNotSent || !strings.Contains(errs, "; trying again\n") || !strings.Contains(errs, "nothing listens") {
		t.Errorf("exit %d, want %d with both lines: %s", code, exitNotSent, errs)
	}
}

// The message for a force that is interrupted in its grace says when to run it again.
func TestMessageGraceNotOver(t *testing.T) {
	url := serveInTest(t, "--freeze")
	id := start(t, url, dataLoss...)
	noted := func(string) bool { return len(trailOf(t, id)) >= 2 } // the start, and the answer to the graceful cancel
	code, text := interrupted(t, noted, "force", id, "--endpoint", url, "--policy", "graceful-first", "--grace", "1d", "--timeout", "2d")
	if code != exitPolicy {
		t.Errorf("exit %d, want %d: %s", code, exitPolicy, text)
	}
	text = regexp.MustCompile(`run \d+s of`).ReplaceAllString(anonymous(text), "run 0s of")
	golden(t, "messages/grace-not-over", strings.TrimPrefix(text, "sfcancel: "))
}

func TestMessageInterrupted(t *testing.T) {
	url := serveInTest(t, "--freeze")
	id := start(t, url, dataLoss...)
	seen := "sfcancel: " + id + " is Running\n"
	code, text := interrupted(t, func(soFar string) bool { return strings.Contains(soFar, seen) }, "wait", id, "--endpoint", url)
	if code != exitNotFinished || !strings.Contains(text, id) {
		t.Errorf("exit %d, want %d with the id: %s", code, exitNotFinished, text)
	}
	golden(t, "messages/interrupted", strings.TrimPrefix(anonymous(strings.TrimPrefix(text, seen)), "sfcancel: "))
}
