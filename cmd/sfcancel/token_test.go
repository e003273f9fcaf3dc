package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// tokenScript returns a command that writes the next token of a list each time, and a function that returns how often it
// ran.
func tokenScript(t *testing.T, tokens ...string) (line string, ran func() int) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("it is a shell script")
	}
	dir := t.TempDir()
	count, list, script := filepath.Join(dir, "count"), filepath.Join(dir, "list"), filepath.Join(dir, "a script.sh")
	for path, text := range map[string]string{
		count: "", list: strings.Join(tokens, "\n") + "\n",
		script: `echo x >>"$1"; n=$(wc -l <"$1"); sed -n "${n}p" "$2"`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("sh '%s' %s %s", script, count, list), func() int {
		content, _ := os.ReadFile(count)
		return strings.Count(string(content), "x")
	}
}

// jwt returns a token that expires at a time.
func jwt(until time.Time) string {
	return "e30." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"exp":%d}`, until.Unix())) + ".c2ln"
}

// A token is used until shortly before it expires, or until the server refuses it.
func TestTokenCommand(t *testing.T) {
	line, ran := tokenScript(t, jwt(time.Now().Add(time.Second)), jwt(time.Now().Add(time.Hour)), "opaque", "opaque")
	c, err := newTokenCommand(line, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var last string
	for i, step := range []struct {
		refused func() string
		runs    int
	}{
		{func() string { return "" }, 1},
		{func() string { return "" }, 2}, // the first has almost expired
		{func() string { return "" }, 2},
		{func() string { return last }, 3},
		{func() string { return "" }, 3},
		{func() string { return "another" }, 3},
	} {
		token, err := c.Token(t.Context(), step.refused())
		if err != nil || token == "" || ran() != step.runs {
			t.Fatalf("step %d: got %q, %v after %d runs, want %d", i, token, err, ran(), step.runs)
		}
		last = token
	}
	if _, err := c.Token(t.Context(), last); err == nil || strings.Contains(err.Error(), last) {
		t.Errorf("the refused token again: got %v, want an error without the token", err)
	}
	if got, want := c.blank("a "+last+" b"), "a xxxxx b"; got != want {
		t.Errorf("blank: got %q, want %q", got, want)
	}
}

func TestTokenCommandFails(t *testing.T) {
	for line, want := range map[string]string{
		"false":                    "false ended with exit status 1",
		"true":                     "true wrote nothing",
		"echo two words":           "the output of echo is not a token",
		"/no/such/command --token": "no such file",
		"":                         "it names no command",
		"az 'account":              "a ' has no end",
		`az \`:                     "nothing after the last",
	} {
		c, err := newTokenCommand(line, io.Discard)
		if err == nil {
			_, err = c.Token(t.Context(), "")
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", line, err, want)
		}
	}
	if code, _, errs := sfcancel(t, "list", "--token-command", "false", "--endpoint", "http://127.0.0.1:1"); code != exitNotSent || !strings.Contains(errs, "token command") {
		t.Errorf("exit %d, want %d because of the token command: %s", code, exitNotSent, errs)
	}
}

func TestSplitWords(t *testing.T) {
	for line, want := range map[string][]string{
		`az account get-access-token`:    {"az", "account", "get-access-token"},
		` a  'b c' "d e"f \g h\ i ''`:    {"a", "b c", "d ef", "g", "h i", ""},
		`a "it's" 'say "x"' "q\"q" '\n'`: {"a", "it's", `say "x"`, `q"q`, `\n`},
		`$HOME ~ * $(id) | ; &`:          {"$HOME", "~", "*", "$(id)", "|", ";", "&"},
	} {
		if got, err := splitWords(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", line, got, err, want)
		}
	}
}

// After 401 and 403 the command is run again, and the output never contains a token.
func TestTokenIsRenewed(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		var mu sync.Mutex
		var seen []string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, r.Header.Get("Authorization"))
			if r.Header.Get("Authorization") != "Bearer token-2" {
				w.WriteHeader(status)
				fmt.Fprintln(w, "no good: ", r.Header.Get("Authorization"))
				return
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, "[]")
		}))
		line, _ := tokenScript(t, "token-1", "token-2")
		code, out, errs := sfcancel(t, "list", "--endpoint", srv.URL, "--token-command", line, "--debug", "-o", "json")
		srv.Close()
		if code != exitOK || !slices.Equal(seen, []string{"Bearer token-1", "Bearer token-2"}) {
			t.Errorf("%d: exit %d after %q, want %d after both tokens: %s%s", status, code, seen, exitOK, out, errs)
		}
		if strings.Contains(out+errs, "token-1") || strings.Contains(out+errs, "token-2") || !strings.Contains(errs, "xxxxx") {
			t.Errorf("%d: got %s%s, want xxxxx in place of each token", status, out, errs)
		}
	}
}
