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

// start starts an operation with the program and returns its id.
func start(t *testing.T, url string, args ...string) string {
	t.Helper()
	code, out, errs := sfcancel(t, append([]string{"start"}, append(args, "--endpoint", url, "-o", "json")...)...)
	var doc resultJSON
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != exitOK || doc.Verdict != "Accepted" {
		t.Fatalf("start %v: exit %d, %s%s", args, code, out, errs)
	}
	return doc.OperationID
}

var dataLoss = []string{"data-loss", "--service", "fabric:/shop/orders", "--partition", "0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11"}

// TestOperate walks through every command against a process that serves, in the
// order in which a person would use them.
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
				{[]string{"cancel", id, "--server-timeout", "5s"}, exitOK, "AlreadyStopping"}, // the ledger knows of the first
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

// TestBadCommandLines: one clear error, exit code 2, and nothing on the wire.
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
		{"a command that is misspelt", []string{"cancl"}, `unknown command "cancl" for "sfcancel"; Did you mean this?; cancel`},
		{"an unknown flag", []string{"list", "--all"}, "unknown flag: --all"},
		{"no id", []string{"cancel"}, "missing OPERATION-ID"},
		{"two ids for one", []string{"show", id, id}, "one argument too many"},
		{"a second id that is malformed", []string{"cancel", id, "x"}, `"x" is not an operation id`},
		{"a malformed id", []string{"cancel", "5b1f60aa"}, `"5b1f60aa" is not an operation id`},
		{"an id without hyphens", []string{"cancel", strings.ReplaceAll(id, "-", "")}, "it must be a GUID like"},
		{"an id in braces", []string{"progress", "{" + id + "}"}, "it must be a GUID like"},
		{"a malformed id to start with", append(append([]string{"start"}, dataLoss...), "--id", "1"), "is not an operation id"},
		{"a malformed partition", []string{"start", "restart", "--service", "a", "--partition", "p"}, `--partition "p"`},
		{"no service", []string{"start", "restart", "--partition", id}, "--service is missing"},
		{"no node", []string{"start", "node-transition"}, "--node and --instance are required"},
		{"a kind that does not exist", []string{"start", "flood"}, `unknown kind "flood"`},
		{"no kind", []string{"start"}, "missing the kind of operation"},
		{"an api-version that is none", []string{"list", "--api-version", "six"}, `api-version "six"`},
		{"a timeout with 3.0", []string{"cancel", id, "--api-version", "3.0", "--server-timeout", "5s"}, "api-version 3.0 has no timeout"},
		{"a timeout below a second", []string{"cancel", id, "--server-timeout", "1ms"}, "whole seconds from 1 to 4294967295"},
		{"no time at all", []string{"list", "--timeout", "0s"}, "--timeout 0s: it must be more than 0"},
		{"a policy that does not exist", []string{"force", id, "--policy", "yolo"}, `--policy "yolo"`},
		{"a grace nobody would keep", []string{"force", id, "--grace", "1s"}, "--grace needs --policy graceful-first"},
		{"a grace beyond the limit", []string{"force", id, "--policy", "graceful-first", "--grace", "30s"}, "--grace 30s does not fit into --timeout 30s"},
		{"an output that does not exist", []string{"list", "-o", "xml"}, `--output "xml"`},
		{"an endpoint that is none", []string{"list", "--endpoint", "localhost:19080"}, "must begin with http"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := c.args
			switch c.name {
			case "an unknown command", "a command that is misspelt", "an endpoint that is none", "a kind that does not exist", "no kind":
			default:
				args = append(args, "--endpoint", srv.URL)
			}
			code, out, errs := sfcancel(t, args...)
			if code != exitUsage || !strings.Contains(errs, c.want) || out != "" {
				t.Errorf("exit %d, standard output %q, standard error %q; want exit %d and %q", code, out, errs, exitUsage, c.want)
			}
			if strings.Count(errs, "\n") != 1 {
				t.Errorf("the error is more than one line: %q", errs)
			}
		})
	}
	if reached != 0 {
		t.Errorf("%d requests went out", reached)
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
		t.Errorf("exit %d, %+v", code, doc)
	}
	if !strings.Contains(errs, "connection refused") {
		t.Errorf("standard error does not say why: %q", errs)
	}
}

// TestJSON: with -o json every outcome has its document on standard output, usage
// errors included, and the same meaning has the same shape whatever the command.
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
		{"a verdict about nothing", []string{"cancel", uuid.NewString()}, exitNotFound, `"verdict": "NotFound"`},
		{"the same of a force", []string{"force", uuid.NewString()}, exitNotFound, `"verdict": "NotFound"`},
		{"one operation", []string{"progress", id}, exitOK, `"state": "RollingBack"`},
		{"no operation", []string{"progress", uuid.NewString()}, exitNotFound, `"exitCode": 6`},
		{"a list", []string{"list"}, exitOK, `"operationId": "` + id + `"`},
		{"a malformed id", []string{"cancel", "bad"}, exitUsage, `"exitCode": 2`},
		{"an endpoint that is none", []string{"list", "--endpoint", "ftp://x"}, exitUsage, `"exitCode": 2`},
		{"a timeout with 3.0", []string{"cancel", id, "--api-version", "3.0", "--server-timeout", "5s"}, exitUsage, `"exitCode": 2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"-o", "json", "--endpoint", url}, c.args[1:]...)
			code, out, _ := sfcancel(t, append([]string{c.args[0]}, args...)...)
			if code != c.code || !json.Valid([]byte(out)) || !strings.Contains(out, c.want) {
				t.Errorf("exit %d, want %d with one document that says %s:\n%s", code, c.code, c.want, out)
			}
		})
	}
}

// A force on an operation that is over is answered by what is true, not by advice.
func TestForceOfFinished(t *testing.T) {
	t.Parallel()
	// Nothing but the force ends it.
	scenario := filepath.Join(t.TempDir(), "scenario.json")
	if err := os.WriteFile(scenario, []byte(`{"default": {"lookUp": {"fails": "always", "code": "FABRIC_E_TIMEOUT"}, "undo": {"fails": "always"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	url := serveProcess(t, "--scenario", scenario).url
	id := start(t, url, "restart", "--service", "fabric:/shop/orders", "--partition", uuid.NewString())
	for _, args := range [][]string{{"cancel", id}, {"force", id}} {
		if code, out, errs := sfcancel(t, append(args, "--endpoint", url)...); code != exitOK {
			t.Fatalf("%v: exit %d, %s%s", args, code, out, errs)
		}
	}
	giveUp, look := time.After(time.Minute), time.NewTicker(50*time.Millisecond)
	defer look.Stop()
	for ended := false; !ended; {
		select {
		case <-giveUp:
			t.Fatal("it does not end")
		case <-look.C:
			_, out, _ := sfcancel(t, "progress", id, "--endpoint", url)
			ended = strings.Contains(out, "ForceCancelled")
		}
	}
	code, out, errs := sfcancel(t, "force", id, "--endpoint", url)
	if code != exitOK || !strings.Contains(out, "Finished") || !strings.Contains(out, "ForceCancelled") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
}

// TestHelp: what the help promises of exit codes and output is what scripts rely on.
func TestHelp(t *testing.T) {
	code, out, _ := sfcancel(t, "--help")
	for _, want := range []string{"Exit codes:", "  3  the policy refused the force", "  5  the outcome is unknown", "-o json"} {
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("exit %d; the help does not say %q", code, want)
		}
	}
}

// The runtime says of an empty answer that it is JSON. Our own client takes that for the success it is.
func TestClientTakesATypeOfNothing(t *testing.T) {
	url := serveInTest(t, "--profile", "runtime", "--freeze")
	id := start(t, url, dataLoss...)
	for _, verb := range []string{"cancel", "force"} {
		if code, out, errs := sfcancel(t, verb, id, "--endpoint", url); code != exitOK {
			t.Errorf("%s: exit %d, %s%s", verb, code, out, errs)
		}
	}
	status, header, body := exchange(t, http.DefaultClient, http.MethodPost, url+"/Faults/$/Cancel?api-version=6.0&Force=false&OperationId="+id, nil, "")
	if status != http.StatusBadRequest || len(body) == 0 || header.Get("Content-Type") == "" {
		t.Errorf("the operation was not forced: %d %s", status, body)
	}
}

// A name with a comma is one name: whoever has half of it is nobody, and whoever has all of it
// is let in.
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
			"all of the name":            {[]string{"Doe, John"}, []string{"Contoso, Inc."}, exitOK},
			"all of one of two":          {[]string{"Doe, John"}, []string{"other", "CN=contoso, inc."}, exitOK},
			"its beginning":              {[]string{"Doe"}, []string{"Contoso, Inc."}, exitRefused},
			"its end":                    {[]string{"John"}, []string{"Contoso, Inc."}, exitRefused},
			"half the name of a server":  {[]string{"Doe, John"}, []string{"Contoso"}, exitNotSent},
			"another half of it":         {[]string{"Doe, John"}, []string{"Inc."}, exitNotSent},
			"a name with a quote before": {[]string{"Doe, John"}, []string{`"Contoso, Inc."`}, exitNotSent},
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

// No flag splits what it is given at commas, but for those of which a comma is no part.
func TestFlagsAreNotSplit(t *testing.T) {
	for _, cmd := range append(newRoot().Commands(), newStart().Commands()...) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == "stringSlice" && !slices.Contains([]string{"endpoint", "server-thumbprint", "state", "kind", "except"}, f.Name) {
				t.Errorf("%s --%s is split", cmd.Name(), f.Name)
			}
		})
	}
}

// A name that is empty is a variable that is not set, also beside others.
func TestEmptyNamesAreRefused(t *testing.T) {
	for _, args := range [][]string{{"--admin", ""}, {"--admin", "ops", "--admin", ""}, {"--user", "", "--user", "ops"}} {
		code, _, errs := sfcancel(t, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
		if code != exitUsage || !strings.Contains(errs, "is empty") {
			t.Errorf("%q: exit %d: %s", args, code, errs)
		}
	}
	if code, _, errs := sfcancel(t, "cancel", uuid.NewString(), "--endpoint", "https://127.0.0.1:1", "--server-common-name", ""); code != exitUsage || !strings.Contains(errs, "blank") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// An empty id is a variable that is not set, and no wish for a new fault.
func TestEmptyIDIsRefused(t *testing.T) {
	url := serveInTest(t, "--freeze")
	for _, empty := range [][]string{{"--id", ""}, {"--id="}} {
		args := append(append([]string{"start"}, dataLoss...), "--endpoint", url)
		if code, out, errs := sfcancel(t, append(args, empty...)...); code != exitUsage || !strings.Contains(errs, "--id is empty") {
			t.Errorf("%q: exit %d: %s%s", empty, code, out, errs)
		}
	}
	if code, out, errs := sfcancel(t, "list", "-o", "json", "--endpoint", url); code != exitOK || strings.TrimSpace(out) != "[]" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
