package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
)

// etcdStore returns the name of a store in a cluster, reached through its proxies.
func etcdStore(c *etcdtest.Cluster, prefix string) string {
	hosts := strings.ReplaceAll(strings.Join(c.Proxied(), ","), "http://", "")
	return "etcd://" + hosts + "/" + prefix
}

// Two servers over one etcd act as one server, and a third one that starts later has the same state.
func TestServeFromEtcd(t *testing.T) {
	t.Parallel()
	st := etcdStore(etcdtest.Start(t, 1), "faults")
	a, b := serveInTest(t, "--store", st, "--profile", "runtime", "--freeze"), serveInTest(t, "--store", st, "--profile", "runtime", "--freeze")
	id := start(t, a, dataLoss...)
	step := func(want int, say string, args ...string) {
		t.Helper()
		if code, out, errs := sfcancel(t, args...); code != want || !strings.Contains(out+errs, say) {
			t.Errorf("sfcancel %v: exit %d, want %d with %q: %s%s", args, code, want, say, out, errs)
		}
	}
	step(exitPolicy, "cancel it gracefully first", "force", id, "--ledger", "none", "--endpoint", b)
	step(exitOK, "Accepted", "cancel", id, "--ledger", "none", "--endpoint", b)
	step(exitOK, "RollingBack", "progress", id, "--endpoint", a)
	step(exitOK, "Accepted", "force", id, "--ledger", "none", "--endpoint", a)
	step(exitOK, "AlreadyForced", "force", id, "--ledger", "none", "--endpoint", b)
	step(exitOK, id, "list", "--endpoint", serveInTest(t, "--store", st, "--freeze"))
	step(exitOK, "[]", "list", "-o", "json", "--endpoint", serveInTest(t, "--store", st+"2", "--freeze"))
}

// A server whose etcd is unreachable fails within a minute. An invalid name is a usage error.
func TestServeFromUnreachableEtcd(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for a time-out; make test runs it")
	}
	c := etcdtest.Start(t, 1)
	name := etcdStore(c, "faults")
	c.Cut(0)
	begin := time.Now()
	if code, _, errs := sfcancel(t, "serve", "--addr", "127.0.0.1:0", "--store", name); code != exitFailed || !strings.Contains(errs, "cannot be reached") {
		t.Errorf("exit %d, want %d and cannot be reached: %s", code, exitFailed, errs)
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("got the error after %v, want it within a minute", took)
	}
	for _, name := range []string{"etcd://", "etcd://127.0.0.1/faults", "etcd://a@127.0.0.1:2379"} {
		for _, args := range [][]string{{"serve", "--store", name}, {"cancel", uuid.NewString(), "--ledger", name}} {
			if code, _, errs := sfcancel(t, args...); code != exitUsage || !strings.Contains(errs, "the form is etcd://") {
				t.Errorf("%v: exit %d, want %d with the form: %s", args, code, exitUsage, errs)
			}
		}
	}
}

// A graceful cancel that one machine has recorded in etcd is evidence for the force of another. If the
// ledger is unreachable, no policy sends a force, but graceful cancels still go out.
func TestLedgerInEtcd(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for time-outs; make test runs it")
	}
	c := etcdtest.Start(t, 1)
	shared := etcdStore(c, "ledger")
	url, forces := blind(t)
	id := uuid.NewString()
	step := func(want int, say string, args ...string) {
		t.Helper()
		args = append(args, "--endpoint", url, "--ledger", shared, "--timeout", "20s")
		if code, out := otherProcess(t, args...); code != want || !strings.Contains(out, say) {
			t.Errorf("sfcancel %v: exit %d, want %d with %q: %s", args, code, want, say, out)
		}
	}
	step(exitNotSent, "503", "force", id, "--timeout", "2s")
	step(exitOK, "Accepted", "cancel", id)
	c.Cut(0)
	step(exitOK, "warning", "cancel", id)
	for _, policy := range []string{"require-graceful", "graceful-first", "server-decides"} {
		step(exitPolicy, "--ledger none skips it", "force", id, "--policy", policy)
	}
	if n := forces.Load(); n != 0 {
		t.Errorf("got %d forces without a ledger, want none", n)
	}
	c.Resume(0)
	step(exitOK, "Accepted", "force", id)
	if n := forces.Load(); n != 1 {
		t.Errorf("got %d forces, want 1", n)
	}
	var actions []string
	for _, e := range trailOf(t, id, "--ledger", shared) {
		actions = append(actions, e.Action+" "+e.Verdict)
	}
	// The commands while the ledger was unreachable are not in it.
	if got, want := strings.Join(actions, ", "), "graceful Accepted, force , force Accepted"; got != want {
		t.Errorf("got trail %q, want %q", got, want)
	}
}

// A full etcd refuses writes, and the server still answers reads.
func TestServeFromFullEtcd(t *testing.T) {
	t.Parallel()
	c := etcdtest.Start(t, 1, etcdtest.WithQuota(2<<20))
	scenario := filepath.Join(t.TempDir(), "scenario.json")
	if err := os.WriteFile(scenario, []byte(`{"default": {"perform": {"takes": "1h"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	url := serveInTest(t, "--store", etcdStore(c, "faults"), "--scenario", scenario)
	id := start(t, url, dataLoss...)
	client, begin := c.Client(t), time.Now()
	for i := 0; ; i++ { // etcd refuses writes some time after it is full
		if _, err := client.Put(t.Context(), fmt.Sprint("stuffing/", i), strings.Repeat("x", 100<<10)); err != nil {
			break
		}
		if time.Since(begin) > time.Minute {
			t.Fatalf("wrote %d00 KiB into an etcd of 2 MiB, want it full", i+1)
		}
	}
	for _, c := range []struct {
		want int
		say  string
		args []string
	}{
		{exitOK, id, []string{"list"}},
		{exitOK, "Running", []string{"progress", id}},
		{exitUnknown, "FABRIC_E_NO_WRITE_QUORUM", []string{"cancel", id, "--ledger", "none"}},
	} {
		right := func(code int, text string) bool { return code == c.want && strings.Contains(text, c.say) }
		if code, out, errs := patiently(t, right, append(c.args, "--endpoint", url)...); !right(code, out+errs) {
			t.Errorf("sfcancel %v: exit %d, want %d with %q: %s%s", c.args, code, c.want, c.say, out, errs)
		}
	}
}

// A store in etcd connects to its members directly, whatever proxy the environment names: a proxy
// would see passwords, and could change the answers of a member.
func TestEtcdTakesNoProxyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	proxy, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 1000)
	go func() {
		defer close(asked)
		for {
			conn, err := proxy.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
			asked <- struct{}{}
		}
	}()
	// Loopback addresses never go through a proxy.
	cmd := exec.Command(os.Args[0], "ledger", "--ledger", "etcd://member.invalid:2379/p")
	cmd.Env = append(os.Environ(), asProgram+"=1", "NO_PROXY=", "no_proxy=")
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		cmd.Env = append(cmd.Env, name+"=http://"+proxy.Addr().String(), strings.ToLower(name)+"=http://"+proxy.Addr().String())
	}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("got %s, want an error", out)
	}
	if err := proxy.Close(); err != nil {
		t.Fatal(err)
	}
	for range asked {
		t.Fatal("got a connection to the proxy, want none")
	}
}

func TestParseEtcd(t *testing.T) {
	for _, c := range []struct {
		name, from string
		want       etcdName
		says       string // of the error
	}{
		{"one host", "etcd://a:1", etcdName{endpoints: []string{"http://a:1"}}, ""},
		{"three hosts and a prefix", "etcd://a:1,b:2,c:3/x", etcdName{endpoints: []string{"http://a:1", "http://b:2", "http://c:3"}, prefix: "x/"}, ""},
		{"a prefix of parts", "etcd://a:1/x/y/", etcdName{endpoints: []string{"http://a:1"}, prefix: "x/y/"}, ""},
		{"IPv6", "etcd://[::1]:2379,[::1]:2380", etcdName{endpoints: []string{"http://[::1]:2379", "http://[::1]:2380"}}, ""},
		{"TLS", "etcds://a:1/x?ca=ca.pem&cert=c.pem&key=k.pem", etcdName{endpoints: []string{"https://a:1"}, prefix: "x/", tls: true,
			files: map[string]string{"ca": "ca.pem", "cert": "c.pem", "key": "k.pem"}}, ""},
		{"a user", "etcd://ann@a:1,b:2?password-file=p", etcdName{endpoints: []string{"http://a:1", "http://b:2"}, user: "ann",
			files: map[string]string{"password-file": "p"}}, ""},

		{"no host", "etcd://", etcdName{}, `"" is not HOST:PORT`},
		{"no port", "etcd://a/x", etcdName{}, `"a" is not HOST:PORT`},
		{"a comma too many", "etcd://a:1,/x", etcdName{}, `"" is not HOST:PORT`},
		{"a scheme inside", "etcd://http://a:1", etcdName{}, `"http:" is not HOST:PORT`},
		{"a password", "etcd://ann:secret@a:1", etcdName{}, "password-file"},
		{"no user before the @", "etcd://@a:1", etcdName{}, "no user"},
		{"a user alone", "etcd://ann@a:1", etcdName{}, "password-file"},
		{"a password alone", "etcd://a:1?password-file=p", etcdName{}, "needs a user"},
		{"files without TLS", "etcd://a:1?ca=f", etcdName{}, "etcds://"},
		{"a certificate alone", "etcds://a:1?cert=f", etcdName{}, "cert and key go together"},
		{"another parameter", "etcds://a:1?cafile=f", etcdName{}, `"cafile"`},
		{"a parameter twice", "etcds://a:1?ca=f&ca=g", etcdName{}, "one file"},
		{"an empty parameter", "etcds://a:1?ca=", etcdName{}, "one file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !isEtcd(c.from) {
				t.Fatalf("isEtcd(%q): got false, want true", c.from)
			}
			got, err := parseEtcd(c.from)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got error %v, want one with %s", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.want.files == nil {
				c.want.files = map[string]string{}
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(etcdName{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
