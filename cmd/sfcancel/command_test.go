package main

import (
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/pflag"
)

// start starts an operation with the command line and returns its id.
func start(t *testing.T, url string, args ...string) string {
	t.Helper()
	code, out, errs := sfcancel(t, append([]string{"start"}, append(args, "--endpoint", url, "-o", "json")...)...)
	var doc resultJSON
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != exitOK || doc.Verdict != "Accepted" {
		t.Fatalf("start %v: exit %d, want %d with Accepted: %s%s", args, code, exitOK, out, errs)
	}
	return doc.OperationID
}

var dataLoss = []string{"data-loss", "--service", "fabric:/shop/orders", "--partition", "0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11"}

// TestOperate runs every command against a serving process, in the order in which a person
// would use them.
func TestOperate(t *testing.T) {
	for _, profile := range []string{"documented", "runtime"} {
		t.Run(profile, func(t *testing.T) {
			url := serveProcess(t, "--profile", profile, "--freeze").url // no rollback ends between two steps
			id := start(t, url, dataLoss...)
			others := []string{
				start(t, url, "quorum-loss", "--service", "shop/orders", "--partition", uuid.NewString(), "--mode", "QuorumLossReplicas", "--duration", "30s"),
				start(t, url, "restart", "--service", "shop~orders", "--partition", uuid.NewString(), "--api-version", "3.0"),
				start(t, url, "node-transition", "--node", "Node ö/1+x", "--instance", "5"),
			}
			for _, step := range []struct {
				args []string
				code int
				want string // on standard output, or on standard error after a failure
			}{
				{[]string{"progress", id}, exitOK, "Running"},
				{[]string{"force", id}, exitPolicy, "no graceful cancel of this operation is known"},
				{[]string{"force", id, "--policy", "server-decides"}, exitRefused, "FABRIC_E_INVALID_TEST_COMMAND_STATE"},
				{[]string{"cancel", id, "--api-version", "3.0"}, exitOK, "Accepted"},
				{[]string{"progress", id}, exitOK, "RollingBack"},
				{[]string{"cancel", id, "--server-timeout", "5s"}, exitOK, "AlreadyStopping"}, // the ledger has the first
				{[]string{"cancel", id, "--ledger", "none"}, exitOK, "Accepted"},
				{[]string{"force", id}, exitOK, "Accepted"},
				{[]string{"cancel", id}, exitOK, "AlreadyForced"},
				{[]string{"force", others[0], "--policy", "graceful-first", "--grace", "10ms"}, exitOK, "Accepted"},
				{[]string{"list"}, exitOK, others[2]},
				{[]string{"cancel", uuid.NewString()}, exitNotFound, "NotFound"},
				{[]string{"force", uuid.NewString()}, exitNotFound, "NotFound"},
				{[]string{"progress", uuid.NewString()}, exitNotFound, "no such operation"},
				{append(append([]string{"start"}, dataLoss...), "--id", id), exitOK, "AlreadyStarted"},
			} {
				code, out, errs := sfcancel(t, append(step.args, "--endpoint", url)...)
				if text := out + errs; code != step.code || !strings.Contains(text, step.want) {
					t.Errorf("sfcancel %s: exit %d, want %d with %q:\n%s", strings.Join(step.args, " "), code, step.code, step.want, text)
				}
			}
		})
	}
}

// An invalid command line gives one clear error and exit code 2, and sends nothing.
func TestBadCommandLines(t *testing.T) {
	reached := 0
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer srv.Close()
	const id = "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"an unknown command", []string{"abolish"}, `unknown command "abolish"`},
		{"a misspelt command", []string{"cancl"}, `unknown command "cancl" for "sfcancel"; Did you mean this?; cancel`},
		{"an unknown flag", []string{"list", "--all"}, "unknown flag: --all"},
		{"no id", []string{"cancel"}, "missing OPERATION-ID"},
		{"two ids where one is allowed", []string{"show", id, id}, "one argument too many"},
		{"a malformed second id", []string{"cancel", id, "x"}, `"x" is not an operation id`},
		{"a malformed id", []string{"cancel", "5b1f60aa"}, `"5b1f60aa" is not an operation id`},
		{"an id without hyphens", []string{"cancel", strings.ReplaceAll(id, "-", "")}, "it must be a GUID like"},
		{"an id in braces", []string{"progress", "{" + id + "}"}, "it must be a GUID like"},
		{"a malformed id of a start", append(append([]string{"start"}, dataLoss...), "--id", "1"), "is not an operation id"},
		{"a malformed partition", []string{"start", "restart", "--service", "a", "--partition", "p"}, `--partition "p"`},
		{"no service", []string{"start", "restart", "--partition", id}, "--service is missing"},
		{"no node", []string{"start", "node-transition"}, "--node and --instance are required"},
		{"a kind that does not exist", []string{"start", "flood"}, `unknown kind "flood"`},
		{"no kind", []string{"start"}, "missing the kind of operation"},
		{"an invalid api-version", []string{"list", "--api-version", "six"}, `api-version "six"`},
		{"a timeout with 3.0", []string{"cancel", id, "--api-version", "3.0", "--server-timeout", "5s"}, "api-version 3.0 has no timeout"},
		{"a timeout below a second", []string{"cancel", id, "--server-timeout", "1ms"}, "whole seconds from 1 to 4294967295"},
		{"a timeout of zero", []string{"list", "--timeout", "0s"}, "--timeout 0s: it must be more than 0"},
		{"a policy that does not exist", []string{"force", id, "--policy", "yolo"}, `--policy "yolo"`},
		{"a grace that the policy does not use", []string{"force", id, "--grace", "1s"}, "--grace needs --policy graceful-first"},
		{"a grace beyond the limit", []string{"force", id, "--policy", "graceful-first", "--grace", "30s"}, "--grace 30s does not fit into --timeout 30s"},
		{"an output that does not exist", []string{"list", "-o", "xml"}, `--output "xml"`},
		{"an invalid endpoint", []string{"list", "--endpoint", "localhost:19080"}, "must begin with http"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := c.args
			switch c.name {
			case "an unknown command", "a misspelt command", "an invalid endpoint", "a kind that does not exist", "no kind":
			default:
				args = append(args, "--endpoint", srv.URL)
			}
			code, out, errs := sfcancel(t, args...)
			if code != exitUsage || !strings.Contains(errs, c.want) || out != "" {
				t.Errorf("exit %d, standard output %q, standard error %q; want exit %d and %q", code, out, errs, exitUsage, c.want)
			}
			if strings.Count(errs, "\n") != 1 {
				t.Errorf("got %q, want an error in one line", errs)
			}
		})
	}
	if reached != 0 {
		t.Errorf("got %d requests, want none", reached)
	}
}

func TestUnreachable(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	refused := func(_ int, text string) bool { return strings.Contains(text, "connection refused") }
	code, out, errs := patiently(t, refused, "cancel", uuid.NewString(), "--endpoint", url, "-o", "json")
	var doc errorJSON
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatalf("%v: %q", err, out)
	}
	if code != exitNotSent || doc.ExitCode != exitNotSent || len(doc.Attempts) == 0 || doc.Attempts[0].Class != "not sent" {
		t.Errorf("exit %d with %+v, want %d with attempts that were not sent", code, doc, exitNotSent)
	}
	if !strings.Contains(errs, "connection refused") {
		t.Errorf("got standard error %q, want the reason in it", errs)
	}
}

// With -o json every outcome has a document on standard output, usage errors included, and all
// commands use the same fields.
func TestJSON(t *testing.T) {
	url := serveProcess(t, "--freeze").url // no rollback ends between two commands
	id := start(t, url, dataLoss...)
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"a verdict", []string{"cancel", id}, exitOK, `"verdict": "Accepted"`},
		{"a verdict about an unknown id", []string{"cancel", uuid.NewString()}, exitNotFound, `"verdict": "NotFound"`},
		{"a force of an unknown id", []string{"force", uuid.NewString()}, exitNotFound, `"verdict": "NotFound"`},
		{"one operation", []string{"progress", id}, exitOK, `"state": "RollingBack"`},
		{"no operation", []string{"progress", uuid.NewString()}, exitNotFound, `"exitCode": 6`},
		{"a list", []string{"list"}, exitOK, `"operationId": "` + id + `"`},
		{"a malformed id", []string{"cancel", "bad"}, exitUsage, `"exitCode": 2`},
		{"an invalid endpoint", []string{"list", "--endpoint", "ftp://x"}, exitUsage, `"exitCode": 2`},
		{"a timeout with 3.0", []string{"cancel", id, "--api-version", "3.0", "--server-timeout", "5s"}, exitUsage, `"exitCode": 2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"-o", "json", "--endpoint", url}, c.args[1:]...)
			code, out, _ := sfcancel(t, append([]string{c.args[0]}, args...)...)
			if code != c.code || !json.Valid([]byte(out)) || !strings.Contains(out, c.want) {
				t.Errorf("exit %d, want %d with one document that contains %s:\n%s", code, c.code, c.want, out)
			}
		})
	}
}

// A force on an operation that is over reports Finished and how it ended, not a refusal.
func TestForceOfFinished(t *testing.T) {
	t.Parallel()
	// Only a force ends the operation.
	scenario := filepath.Join(t.TempDir(), "scenario.json")
	if err := os.WriteFile(scenario, []byte(`{"default": {"lookUp": {"fails": "always", "code": "FABRIC_E_TIMEOUT"}, "undo": {"fails": "always"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	url := serveProcess(t, "--scenario", scenario).url
	id := start(t, url, "restart", "--service", "fabric:/shop/orders", "--partition", uuid.NewString())
	for _, args := range [][]string{{"cancel", id}, {"force", id}} {
		if code, out, errs := sfcancel(t, append(args, "--endpoint", url)...); code != exitOK {
			t.Fatalf("%v: exit %d, want %d: %s%s", args, code, exitOK, out, errs)
		}
	}
	giveUp, look := time.After(time.Minute), time.NewTicker(50*time.Millisecond)
	defer look.Stop()
	for ended := false; !ended; {
		select {
		case <-giveUp:
			t.Fatal("the operation still runs after a minute, want ForceCancelled")
		case <-look.C:
			_, out, _ := sfcancel(t, "progress", id, "--endpoint", url)
			ended = strings.Contains(out, "ForceCancelled")
		}
	}
	code, out, errs := sfcancel(t, "force", id, "--endpoint", url)
	if code != exitOK || !strings.Contains(out, "Finished") || !strings.Contains(out, "ForceCancelled") {
		t.Errorf("exit %d, want %d with Finished and ForceCancelled: %s%s", code, exitOK, out, errs)
	}
}

// The help documents the exit codes and the output that scripts rely on.
func TestHelp(t *testing.T) {
	code, out, _ := sfcancel(t, "--help")
	for _, want := range []string{"Exit codes:", "  3  the policy refused the force", "  5  the outcome is unknown", "-o json"} {
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("exit %d, want %d with a help that contains %q", code, exitOK, want)
		}
	}
}

// The runtime gives an empty answer the content type of JSON. The client takes the answer for a success.
func TestEmptyAnswerWithContentType(t *testing.T) {
	url := serveInTest(t, "--profile", "runtime", "--freeze")
	id := start(t, url, dataLoss...)
	for _, verb := range []string{"cancel", "force"} {
		if code, out, errs := sfcancel(t, verb, id, "--endpoint", url); code != exitOK {
			t.Errorf("%s: exit %d, want %d: %s%s", verb, code, exitOK, out, errs)
		}
	}
	status, header, body := exchange(t, http.DefaultClient, http.MethodPost, url+"/Faults/$/Cancel?api-version=6.0&Force=false&OperationId="+id, nil, "")
	if status != http.StatusBadRequest || len(body) == 0 || header.Get("Content-Type") == "" {
		t.Errorf("a graceful cancel after the force: got %d %s, want 400 with a body and its content type", status, body)
	}
}

// A name with a comma is one name: a part of it is refused, and the full name is accepted.
func TestNamesAreNotSplit(t *testing.T) {
	p := newTestPKI(t)
	for _, name := range []string{"Doe, John", "Doe", "John", `"Doe`, "Contoso, Inc."} {
		c := p.issue(t, name, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
		})
		key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		file := strings.Trim(name, `"`)
		p.write(t, file+".pem", "CERTIFICATE", c.Leaf.Raw)
		p.write(t, file+".key", "PRIVATE KEY", key)
	}
	for _, flag := range []string{"--admin", "--user"} {
		url := serveInTest(t, flag, "Doe, John", flag, `"quoted" name`, "--client-ca", p.file("ca.pem"),
			"--tls-cert", p.file("Contoso, Inc..pem"), "--tls-key", p.file("Contoso, Inc..key"))
		for name, c := range map[string]struct {
			as, server []string
			code       int
		}{
			"full names":                  {[]string{"Doe, John"}, []string{"Contoso, Inc."}, exitOK},
			"one of two server names":     {[]string{"Doe, John"}, []string{"other", "CN=contoso, inc."}, exitOK},
			"beginning of a client name":  {[]string{"Doe"}, []string{"Contoso, Inc."}, exitRefused},
			"end of a client name":        {[]string{"John"}, []string{"Contoso, Inc."}, exitRefused},
			"beginning of a server name":  {[]string{"Doe, John"}, []string{"Contoso"}, exitNotSent},
			"end of a server name":        {[]string{"Doe, John"}, []string{"Inc."}, exitNotSent},
			"a server name within quotes": {[]string{"Doe, John"}, []string{`"Contoso, Inc."`}, exitNotSent},
		} {
			args := []string{"list", "--endpoint", url, "--ca", p.file("ca.pem"), "--cert", p.file(c.as[0] + ".pem"), "--key", p.file(c.as[0] + ".key")}
			for _, server := range c.server {
				args = append(args, "--server-common-name", server)
			}
			if code, out, errs := sfcancel(t, args...); code != c.code {
				t.Errorf("%s, %s: exit %d, want %d: %s%s", flag, name, code, c.code, out, errs)
			}
		}
	}
}

// Only flags whose values never contain a comma split at commas.
func TestFlagsAreNotSplit(t *testing.T) {
	for _, cmd := range append(newRoot().Commands(), newStart().Commands()...) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == "stringSlice" && !slices.Contains([]string{"endpoint", "server-thumbprint", "state", "kind", "except"}, f.Name) {
				t.Errorf("%s --%s splits at commas, want a flag that does not", cmd.Name(), f.Name)
			}
		})
	}
}

// An empty name comes from an unset variable, and is refused, also beside other names.
func TestEmptyNamesAreRefused(t *testing.T) {
	for _, args := range [][]string{{"--admin", ""}, {"--admin", "ops", "--admin", ""}, {"--user", "", "--user", "ops"}} {
		code, _, errs := sfcancel(t, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
		if code != exitUsage || !strings.Contains(errs, "is empty") {
			t.Errorf("%q: exit %d, want %d: %s", args, code, exitUsage, errs)
		}
	}
	if code, _, errs := sfcancel(t, "cancel", uuid.NewString(), "--endpoint", "https://127.0.0.1:1", "--server-common-name", ""); code != exitUsage || !strings.Contains(errs, "blank") {
		t.Errorf("--server-common-name: exit %d, want %d: %s", code, exitUsage, errs)
	}
}

// An empty id comes from an unset variable, and does not start a new fault.
func TestEmptyIDIsRefused(t *testing.T) {
	url := serveInTest(t, "--freeze")
	for _, empty := range [][]string{{"--id", ""}, {"--id="}} {
		args := append(append([]string{"start"}, dataLoss...), "--endpoint", url)
		if code, out, errs := sfcancel(t, append(args, empty...)...); code != exitUsage || !strings.Contains(errs, "--id is empty") {
			t.Errorf("%q: exit %d, want %d: %s%s", empty, code, exitUsage, out, errs)
		}
	}
	if code, out, errs := sfcancel(t, "list", "-o", "json", "--endpoint", url); code != exitOK || strings.TrimSpace(out) != "[]" {
		t.Errorf("list: exit %d, want %d with no operations: %s%s", code, exitOK, out, errs)
	}
}
