package main

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// hostile is a cluster that answers with a text in any place.
type hostile struct {
	id   uuid.UUID
	text atomic.Pointer[string]
	mode atomic.Int32
}

// Where the text is.
const (
	inList  = iota // as state and kind
	inError        // as code and message
	inBody         // as the body of a success
	inPage         // as the body of a failure
	inHead         // as the status line and what follows
	modes
)

func (h *hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text := *h.text.Load()
	switch mode := h.mode.Load(); {
	case mode == inHead:
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 "+text+"\r\n"+text+"\r\n\r\n"+text)
		_ = conn.Close()
	case mode == inList && r.Method == http.MethodGet:
		_ = json.NewEncoder(w).Encode([]map[string]string{{"OperationId": h.id.String(), "Type": text, "State": text}})
	case mode == inError, mode == inList:
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"Error": map[string]string{"Code": text, "Message": text}})
	case mode == inPage:
		w.WriteHeader(http.StatusForbidden)
		fallthrough
	default:
		_, _ = io.WriteString(w, text)
	}
}

// Whatever text a cluster, its certificate, a ledger or an argument contains, the output is lines
// of this program in printable characters.
func FuzzOutput(f *testing.F) {
	for n, text := range []string{
		"", "Completed", "\x1b[31mCompleted\x1b[0m", "\x1b]0;title\a", "a\nb", "a\r\nb\tc", "\x7f\u0085\u009b2J", "\u202egnitteg\u2066",
		"\u200b\u200d\ufeff\u2060", "\u3164\ufe0f\U000e0041", "\xff\xfe\x9b", "200 OK\r\nX: \x1b[2J\r\n\r\n[]", "  two  cells  ", `"Completed"`,
		strings.Repeat("long ", 999), "\u2028\u2029", "-o", "--endpoint", "Running; 1 request",
	} {
		if testing.Short() && n%4 != 0 { // make test tries them all
			continue
		}
		f.Add(text)
	}
	h := &hostile{id: uuid.New()}
	srv := httptest.NewServer(h)
	f.Cleanup(srv.Close)
	ca := selfIssued(f, "authority", nil, "")
	f.Fuzz(func(t *testing.T, text string) {
		h.text.Store(&text)
		id := h.id.String()
		gateway := []string{"--endpoint", srv.URL, "--timeout", "20ms"}
		none := append(gateway, "--ledger", "none", "--reason", text, "--by", text)
		for mode := range int32(modes) {
			h.mode.Store(mode)
			commands := [][]string{append([]string{"list"}, gateway...), append([]string{"cancel", id}, none...)}
			if mode == inList || mode == inError {
				commands = append(commands,
					append([]string{"progress", id}, gateway...),
					append([]string{"wait", id, "--interval", "1s"}, gateway...),
					append([]string{"force", id, "--policy", "server-decides"}, none...),
					append([]string{"stop", id, "--grace", "1ms"}, none...),
					append([]string{"start", "node-transition", "--node", "n", "--instance", "1"}, none...))
			}
			for _, args := range commands {
				holds(t, args...)
			}
		}
		holds(t, "x"+text)
		holds(t, "help", "x"+text)
		holds(t, append([]string{"list", "--x" + text}, gateway...)...)
		holds(t, append([]string{"list", "--output", text + "x"}, gateway...)...)
		holds(t, append([]string{"cancel", id, text}, none...)...)
		holds(t, append([]string{"cancel", "x" + text}, none...)...)
		holds(t, append([]string{"cancel", id, "--endpoint", "x" + text}, none...)...)
		holds(t, append([]string{"cancel", id, "--ledger", "x" + text}, gateway...)...)
		holds(t, append([]string{"start", "data-loss", "--service", "s", "--partition", text + "x"}, none...)...)

		path := filepath.Join(t.TempDir(), "ledger")
		put(t, inDir(t, path), wrapper.Entry{
			Time: time.Now(), OperationID: h.id, Cluster: text, Action: "force", Kind: wrapper.Kind(text), Target: text,
			Outcome: wrapper.EntryOutcome(text), Verdict: wrapper.Verdict(text), Code: wrapper.Code(text), State: wrapper.State(text), By: text, Reason: text,
		})
		holds(t, "ledger", "--ledger", "file:"+path)
		holds(t, "ledger", "--ledger", "file:"+path+text)

		secure := httptest.NewUnstartedServer(h)
		secure.Config.ErrorLog = log.New(io.Discard, "", 0)
		secure.TLS = &tls.Config{Certificates: []tls.Certificate{selfIssued(t, text, &ca, text)}, MinVersion: tls.VersionTLS12}
		secure.StartTLS()
		defer secure.Close()
		for _, address := range []string{secure.URL, strings.Replace(secure.URL, "127.0.0.1", "localhost", 1)} {
			holds(t, "list", "--endpoint", address, "--timeout", "1s", "--server-common-name", "other")
			holds(t, "list", "--endpoint", address, "--timeout", "1s", "--server-thumbprint", strings.Repeat("0", 40))
			holds(t, "list", "--endpoint", address, "--timeout", "1s")
		}
	})
}

// holds runs a command with table and JSON output, and checks all output.
func holds(t *testing.T, args ...string) {
	t.Helper()
	code, out, errs := sfcancel(t, args...)
	harmless(t, args, out)
	harmless(t, args, errs)
	if strings.Count(errs, "\n") != len(linesBy(errs)) {
		t.Errorf("sfcancel %q: got %q, want only lines of this program", args, errs)
	}
	if strings.Contains(out, "Usage:") { // the text asked for help
		return
	}
	if lines := strings.Count(out, "\n"); lines > 2 && args[0] != "progress" || lines > 9 { // a header, and one row at most
		t.Errorf("sfcancel %q, exit %d: got %d lines, want 2 at most, 9 of progress: %q", args, code, lines, out)
	}
	_, out, errs = sfcancel(t, append([]string{args[0], "-o", "json"}, args[1:]...)...)
	harmless(t, args, out)
	harmless(t, args, errs)
	if out != "" && !strings.Contains(out, "Usage:") && !json.Valid([]byte(out)) {
		t.Errorf("sfcancel %q: got %q, want JSON", args, out)
	}
}

// linesBy returns the lines that begin with the prefix of this program.
func linesBy(text string) (own []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "sfcancel: ") {
			own = append(own, line)
		}
	}
	return own
}

// harmless checks output against a list of bad characters that is independent of package plain.
func harmless(t *testing.T, args []string, out string) {
	t.Helper()
	bad := func(r rune) bool {
		return r < ' ' && r != '\n' || r >= 0x7f && r <= 0x9f || r == 0xa0 || r == 0xad || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) ||
			r == 0x034f || r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0 || r >= 0xfe00 && r <= 0xfe0f
	}
	if !utf8.ValidString(out) || strings.ContainsFunc(out, bad) {
		t.Errorf("sfcancel %q: got %q, want only printable characters", args, out)
	}
	if out != "" && !strings.HasSuffix(out, "\n") {
		t.Errorf("sfcancel %q: got %q, want a newline at the end", args, out)
	}
}

// selfIssued makes a certificate whose names are a text, if a certificate can hold it.
func selfIssued(tb testing.TB, name string, by *tls.Certificate, host string) tls.Certificate {
	tb.Helper()
	p := &testPKI{}
	if by != nil {
		p.ca, p.caKey = by.Leaf, by.PrivateKey.(*ecdsa.PrivateKey)
	}
	c, err := p.make(name, func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: strings.ToValidUTF8(name, "?"), Organization: []string{strings.ToValidUTF8(name, "?")}}
		if host != "" && strings.IndexFunc(host, func(r rune) bool { return r > 0x7f }) < 0 {
			c.DNSNames = []string{host}
		}
		if by == nil {
			c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
		}
	})
	if err != nil {
		tb.Skip(err) // no certificate can hold the text
	}
	return c
}

// Joined errors are one line each, and a newline in an error does not begin another.
func TestLinesOfErrors(t *testing.T) {
	one := errors.New("one")
	for want, err := range map[string]error{
		"one":                  one,
		"one|two":              errors.Join(one, errors.New("two")),
		"one|two|three":        usage(errors.Join(one, errors.Join(errors.New("two"), errors.New("three")))),
		`one; sfcancel: \x1b`:  errors.New("one\nsfcancel: \x1b"),
		"in it: one; two":      fmt.Errorf("in it: %w", errors.Join(one, errors.New("two"))),
		"one; two|three":       toldError{errors.Join(errors.New("one\ntwo"), errors.New("three"))},
		"two meanings one one": fmt.Errorf("two meanings %w %w", one, one),
	} {
		if got := strings.Join(linesOf(err), "|"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The document of an attempt has the id of its request, and the document of a failure the id of the
// last request whose outcome is unknown. Without such a request there is no id.
func TestRequestIDsAreShown(t *testing.T) {
	var carried string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		carried = r.Header.Get("X-ServiceFabricRequestId")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer srv.Close()
	client, err := wrapper.New(srv.URL, wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Cancel(t.Context(), uuid.New(), wrapper.CancelOptions{})
	text, jsonErr := json.Marshal(describe(err))
	if want := `"requestId":"` + carried + `"`; jsonErr != nil || carried == "" || strings.Count(string(text), want) != 2 {
		t.Errorf("got %s, %v, want %s of the failure and of its attempt", text, jsonErr, want)
	}
	_, err = wrapper.New("ftp://host")
	for _, doc := range []any{attemptsJSON([]wrapper.Attempt{{}}), describe(err)} {
		if text, err := json.Marshal(doc); err != nil || strings.Contains(string(text), "requestId") {
			t.Errorf("without an id: got %s, %v, want no requestId", text, err)
		}
	}
}
