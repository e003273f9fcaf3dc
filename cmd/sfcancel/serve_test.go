package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/openapi"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/store/memory"
)

// SIGTERM drains the server, which exits with 0, and the next process finds what was stored.
func TestServeEnds(t *testing.T) {
	t.Parallel()
	storage := "bolt:" + filepath.Join(t.TempDir(), "faults.db")
	first := serveProcess(t, "--store", storage)
	id := start(t, first.url, dataLoss...)

	// The file belongs to one process at a time.
	code, _, errs := sfcancel(t, "serve", "--addr", "127.0.0.1:0", "--store", storage)
	if code != exitFailed || !strings.Contains(errs, "faults.db") {
		t.Errorf("a second server on the same file: exit %d, want %d and the name of the file: %q", code, exitFailed, errs)
	}

	first.end(t)
	for _, part := range []string{"msg=serving", id} {
		if log := first.log.String(); !strings.Contains(log, part) {
			t.Errorf("got log\n%s\nwant %s in it", log, part)
		}
	}
	second := serveProcess(t, "--store", storage)
	if code, out, errs := sfcancel(t, "progress", id, "--endpoint", second.url); code != exitOK {
		t.Errorf("the operation after the restart: exit %d, want %d: %s%s", code, exitOK, out, errs)
	}
}

// The defaults are those of the help.
func TestServeDefaults(t *testing.T) {
	url := serveInTest(t)
	for _, c := range []struct {
		name, method, path string
		want               int
	}{
		{"the newest api-version", http.MethodGet, "/Faults/?StateFilter=0&TypeFilter=0&api-version=8.2", http.StatusOK},
		{"a newer api-version", http.MethodGet, "/Faults/?StateFilter=0&TypeFilter=0&api-version=8.3", http.StatusBadRequest},
		{"a stop that the runtime accepts and the documents refuse", http.MethodPost, "/Faults/Nodes/_Node_0/$/StartTransition/?api-version=6.0" +
			"&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01&NodeTransitionType=Stop&NodeInstanceId=5&StopDurationInSeconds=300", http.StatusBadRequest},
	} {
		if got, _, body := exchange(t, http.DefaultClient, c.method, url+c.path, nil, ""); got != c.want {
			t.Errorf("%s: got %d, want %d: %s", c.name, got, c.want, body)
		}
	}
}

// The clean-up of §5.8 goes by the engine's clock: surplus operations are removed when the interval
// of the settings has passed, and not before.
func TestServeCleansUp(t *testing.T) {
	t.Parallel()
	const id = "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"
	seed := filepath.Join(t.TempDir(), "seed.json")
	text := `{"operations": [{"id": "` + id + `", "kind": "PartitionRestart", "step": "Failed", "ageSeconds": 5}],
		"config": {"MaxStoredActionCount": 0, "CompletedActionKeepDurationInSeconds": 0}}`
	if err := os.WriteFile(seed, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	frozen := serveInTest(t, "--seed", seed, "--freeze")
	quick := serveInTest(t, "--seed", seed, "--speed", "100000") // an hour in 36 ms
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		code, out, _ := sfcancel(t, "progress", id, "--endpoint", quick)
		if code == exitNotFound {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after 20 s: got %s, want no such operation", out)
		}
	}
	if code, out, errs := sfcancel(t, "progress", id, "--endpoint", frozen); code != exitOK {
		t.Errorf("with a stopped clock: exit %d, want %d: %s%s", code, exitOK, out, errs)
	}
}

// A record that cannot be swept is logged, and does not affect other operations.
func TestServeLogsADamagedRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "faults.db")
	st, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: "operations/active/5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01", Value: []byte("x")}}})
	if err := errors.Join(err, st.Close()); err != nil {
		t.Fatal(err)
	}
	p := serveProcess(t, "--store", "bolt:"+path)
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(p.log.String(), "sweep: record operations/active/5b1f60aa"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("got log\n%s\nwant the damaged record in it", p.log.String())
		}
	}
	start(t, p.url, dataLoss...)
	p.end(t)
}

func TestServeRefuses(t *testing.T) {
	dir, certs := t.TempDir(), newTestPKI(t)
	write := func(name, content string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := write("notes.txt", "dear diary")
	seed := write("seed.json", `{"operations":[{"id":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01","kind":"PartitionRestart","step":"Running"}]}`)
	secured := write("secured.json", `{"security":{"mode":"X509","roles":true}}`)
	roles := write("roles.json", `{"security":{"roles":true}}`)
	azure := write("azure.json", `{"security":{"mode":"AAD","token":"admin"}}`)
	large := write("large.json", "{")
	if err := os.Truncate(large, maxFile+1); err != nil {
		t.Fatal(err)
	}
	kerberos := write("kerberos.json", `{"security":{"mode":"Windows","credentials":null}}`)
	scenario := write("scenario.json", "{\n  \"rules\": [{\"perform\": {\"fails\": -2}}]\n}")
	cert, key, ca := certs.file("server.pem"), certs.file("server.key"), certs.file("ca.pem")
	tls := []string{"--tls-cert", cert, "--tls-key", key}
	with := func(more ...string) []string { return append(slices.Clone(tls), more...) }
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"an address that others can reach", []string{"--addr", "0.0.0.0:0"}, exitUsage, "only a loopback address"},
		{"every address", []string{"--addr", ":0"}, exitUsage, "only a loopback address"},
		{"an address without a port", []string{"--addr", "localhost"}, exitUsage, "it must be HOST:PORT"},
		{"a profile that does not exist", []string{"--profile", "dreamed"}, exitUsage, "dreamed"},
		{"an invalid runtime version", []string{"--runtime-version", "newest"}, exitUsage, "newest"},
		{"a store that does not exist", []string{"--store", "tape:/dev/st0"}, exitUsage, "must be memory, bolt:PATH or etcd://"},
		{"memory with a path", []string{"--store", "memory:faults.db"}, exitUsage, "must be memory, bolt:PATH or etcd://"},
		{"bolt without a path", []string{"--store", "bolt:"}, exitUsage, "must be memory, bolt:PATH or etcd://"},
		{"a directory that does not exist", []string{"--store", "bolt:/does/not/exist/faults.db"}, exitFailed, "/does/not/exist"},
		{"copies of memory", []string{"--backup", dir}, exitUsage, "it needs --store bolt:PATH"},
		{"copies to a missing directory", []string{"--store", "bolt:" + filepath.Join(dir, "faults.db"), "--backup", filepath.Join(dir, "nowhere")}, exitUsage, "nowhere"},
		{"copies to a file", []string{"--store", "bolt:" + filepath.Join(dir, "faults.db"), "--backup", foreign}, exitUsage, "not a directory"},
		{"copies without a pause", []string{"--store", "bolt:" + filepath.Join(dir, "faults.db"), "--backup", dir, "--backup-every", "0s"}, exitUsage, "more than 0"},
		{"an interval of copies without a directory", []string{"--backup-every", "1s"}, exitUsage, "needs --backup"},
		{"a clock that stands still and runs fast", []string{"--freeze", "--speed", "2"}, exitUsage, "--freeze and --speed"},
		{"a clock that stands still and runs slowly", []string{"--freeze", "--speed", "0.5"}, exitUsage, "--freeze and --speed"},
		{"a clock that runs too fast", []string{"--speed", "1000001"}, exitUsage, "at most 1000000"},
		{"a clock that runs backwards", []string{"--speed", "-1"}, exitUsage, "--speed -1: it must be more than 0"},
		{"a clock that does not run", []string{"--speed", "0"}, exitUsage, "--freeze stops the clock"},
		{"a clock whose speed is not a number", []string{"--speed", "NaN"}, exitUsage, "--speed NaN"},
		{"an availability that does not exist", []string{"--availability", "asleep"}, exitUsage, `availability "asleep": it must be one of ready, starting`},
		{"a missing seed", []string{"--seed", "/does/not/exist"}, exitUsage, "/does/not/exist"},
		{"a seed with an invalid step", []string{"--seed", seed}, exitUsage, `step "Running": it must be IntentSaved`},
		{"a seed that is not JSON", []string{"--seed", foreign}, exitUsage, "line 1"},
		{"a seed with security, without TLS", []string{"--seed", secured}, exitUsage, "needs --tls-cert, --tls-key, and --admin or --user"},
		{"a seed with security, with TLS for every client", with("--seed", secured), exitUsage, "needs --tls-cert, --tls-key, and --admin or --user"},
		{"a seed with roles, without roles", with("--seed", secured, "--client-ca", ca, "--admin", "admin"), exitUsage, "needs --roles"},
		{"a seed with roles, without TLS", []string{"--seed", roles}, exitUsage, "needs --roles"},
		{"a seed that is too large", []string{"--seed", large}, exitUsage, "larger than 64 MiB"},
		{"a seed with Azure AD", []string{"--seed", azure}, exitUsage, "mode AAD cannot be served"},
		{"a seed with Kerberos", []string{"--seed", kerberos}, exitUsage, "mode Windows cannot be served"},
		{"a scenario with an invalid number", []string{"--scenario", scenario}, exitUsage, `rules[0].perform.fails: it must be a number from 0 up, or "always"`},
		{"an empty admin", with("--admin", ""), exitUsage, "--admin is empty"},
		{"an empty certificate", []string{"--tls-cert", "", "--tls-key", ""}, exitUsage, "--tls-cert is empty"},
		{"an empty seed", []string{"--seed", ""}, exitUsage, "--seed is empty"},
		{"a certificate without a key", []string{"--tls-cert", cert}, exitUsage, "--tls-cert and --tls-key go together"},
		{"a key that is not PEM", []string{"--tls-cert", cert, "--tls-key", foreign}, exitUsage, "notes.txt"},
		{"admins without TLS", []string{"--admin", "ops"}, exitUsage, "need --tls-cert and --tls-key"},
		{"a CA without TLS", []string{"--client-ca", ca}, exitUsage, "need --tls-cert and --tls-key"},
		{"roles without TLS", []string{"--roles"}, exitUsage, "need --tls-cert and --tls-key"},
		{"a missing CA", with("--client-ca", "/does/not/exist", "--admin", "ops"), exitUsage, "--client-ca: "},
		{"a CA without admins and users", with("--client-ca", ca), exitUsage, "with --admin or --user"},
		{"roles without admins and users", with("--roles"), exitUsage, "the users with --user"},
		{"a name without a CA", with("--admin", "ops"), exitUsage, "ops"},
		{"a CA that is not PEM", with("--client-ca", foreign, "--admin", "ops"), exitUsage, "no PEM block CERTIFICATE"},
		{"a missing list", with("--admin-list", "/does/not/exist"), exitUsage, "--admin-list, --user-list: "},
		{"a list with an invalid name", with("--admin-list", foreign), exitUsage, "dear diary"},
		{"a list without TLS", []string{"--user-list", foreign}, exitUsage, "need --tls-cert and --tls-key"},
		{"a format that does not exist", []string{"--log-format", "xml"}, exitUsage, "text or json"},
		{"a level that does not exist", []string{"--log-level", "loud"}, exitUsage, "debug, info, warn or error"},
		{"an invalid origin", []string{"--origin", "example.com"}, exitUsage, "SCHEME://HOST"},
		{"an open address with TLS alone", with("--addr", "0.0.0.0:0"), exitUsage, "only a loopback address"},
		{"a file that is not a store", []string{"--store", "bolt:" + foreign}, exitFailed, "notes.txt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := sfcancel(t, append([]string{"serve", "--addr", "127.0.0.1:0"}, c.args...)...)
			if code != c.code || !strings.Contains(errs, c.want) || out != "" {
				t.Errorf("exit %d, standard output %q, standard error %q; want exit %d and %q", code, out, errs, c.code, c.want)
			}
		})
	}
	if content, err := os.ReadFile(foreign); err != nil || string(content) != "dear diary" {
		t.Errorf("the foreign file: got %q, %v, want it unchanged", content, err)
	}
}

// With --insecure, an address that others can reach is served.
func TestServeInsecure(t *testing.T) {
	p := serveProcess(t, "--insecure")
	if !strings.HasPrefix(p.url, "http://127.0.0.1:") {
		t.Errorf("got %s, want a loopback address", p.url)
	}
	if p.end(t); !strings.Contains(p.log.String(), "every client that reaches this address is an admin") {
		t.Errorf("got log\n%s\nwant a warning in it", p.log.String())
	}
	for _, s := range []serveFlags{
		{addr: "0.0.0.0:0", insecure: true},
		{addr: "0.0.0.0:0", users: []string{"audit"}}, // clients need a certificate
		{addr: "localhost:0"}, {addr: "[::1]:0"},
	} {
		if err := s.mayListen(); err != nil {
			t.Errorf("%+v: got %v, want nil", s, err)
		}
	}
}

// The highest speed that the error names is accepted.
func TestServeTopSpeed(t *testing.T) {
	if p, err := (serveFlags{speed: maxSpeed, availability: "ready"}).plan(false); err != nil || p.speed != maxSpeed {
		t.Errorf("got speed %v, %v, want %d", p.speed, err, maxSpeed)
	}
}

// A server can have users without admins.
func TestServeUsersAlone(t *testing.T) {
	certs := newTestPKI(t)
	s := serveFlags{
		addr: "127.0.0.1:0", certFile: certs.file("server.pem"), keyFile: certs.file("server.key"),
		users: []string{certs.thumbprint("user")}, roles: true,
	}
	got, err := s.security(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if clients := got.current(); clients == nil || !clients.Roles || len(clients.User) != 1 {
		t.Errorf("got %+v, want roles and one user", clients)
	}
}

// A restart with the same seed keeps what has happened meanwhile. Another seed is refused, and nothing
// is lost.
func TestServeSeedOnce(t *testing.T) {
	dir := t.TempDir()
	const id = "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"
	seed, other := filepath.Join(dir, "seed.json"), filepath.Join(dir, "other.json")
	content := `{"operations":[{"id":"` + id + `","kind":"PartitionRestart","step":"PerformingActions"}]}`
	for path, text := range map[string]string{seed: content, other: content + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	storage := "bolt:" + filepath.Join(dir, "faults.db")
	args := []string{"--store", storage, "--seed", seed, "--freeze"}
	first := serveProcess(t, args...)
	if code, out, errs := sfcancel(t, "cancel", id, "--endpoint", first.url); code != exitOK {
		t.Fatalf("cancel: exit %d, want %d: %s%s", code, exitOK, out, errs)
	}
	first.end(t)
	second := serveProcess(t, args...)
	if code, out, errs := sfcancel(t, "progress", id, "--endpoint", second.url); code != exitOK || !strings.Contains(out, "RollingBack") {
		t.Errorf("after the restart: exit %d, want %d with RollingBack: %s%s", code, exitOK, out, errs)
	}
	second.end(t)
	if code, _, errs := sfcancel(t, "serve", "--addr", "127.0.0.1:0", "--store", storage, "--seed", other); code != exitFailed || !strings.Contains(errs, "other.json") || !strings.Contains(errs, "use a new store") {
		t.Errorf("another seed: exit %d, want %d with the advice: %s", code, exitFailed, errs)
	}
	third := serveProcess(t, "--store", storage)
	if code, out, errs := sfcancel(t, "progress", id, "--endpoint", third.url); code != exitOK || !strings.Contains(out, "RollingBack") {
		t.Errorf("after the refusal: exit %d, want %d with RollingBack: %s%s", code, exitOK, out, errs)
	}
}

// With --speed an operation of half a minute ends early, and it has still ended after a restart at
// normal speed.
func TestServeClock(t *testing.T) {
	storage := "bolt:" + filepath.Join(t.TempDir(), "faults.db")
	first := serveProcess(t, "--store", storage, "--speed", "100000")
	id := start(t, first.url, dataLoss...)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, out, _ := sfcancel(t, "progress", id, "--endpoint", first.url)
		if strings.Contains(out, "Completed") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after 20 s: got %s, want Completed", out)
		}
	}
	first.end(t)
	second := serveProcess(t, "--store", storage)
	if _, out, errs := sfcancel(t, "progress", id, "--endpoint", second.url); !strings.Contains(out, "Completed") {
		t.Errorf("after the restart: got %s%s, want Completed", out, errs)
	}
}

// An operation fails as the scenario file says.
func TestServeScenario(t *testing.T) {
	file := filepath.Join(t.TempDir(), "scenario.json")
	text := `{"rules": [{"service": "fabric:/shop/orders", "lookUp": {"code": "FABRIC_E_PARTITION_NOT_FOUND"}, "undo": {"takes": "0s"}}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	url := serveInTest(t, "--scenario", file, "--speed", "100000")
	id := start(t, url, dataLoss...)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, out, _ := sfcancel(t, "progress", id, "--endpoint", url)
		if strings.Contains(out, "Faulted") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after 20 s: got %s, want Faulted", out)
		}
	}
}

// Flags override the seed.
func TestServeAvailability(t *testing.T) {
	file := filepath.Join(t.TempDir(), "seed.json")
	if err := os.WriteFile(file, []byte(`{"service": "gatewayCannotReachNaming", "fabricVersion": "6.0", "clusterId": "mine"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := func(url, version, cluster string) int {
		t.Helper()
		status, _, _ := exchange(t, http.DefaultClient, http.MethodGet, url+"/Faults/?StateFilter=0&TypeFilter=0&api-version="+version,
			map[string]string{"ClusterId": cluster}, "")
		return status
	}
	seeded := serveInTest(t, "--seed", file)
	flagged := serveInTest(t, "--seed", file, "--availability", "noWriteQuorum", "--runtime-version", "7.0")
	for _, c := range []struct {
		url, version, cluster string
		want                  int
	}{
		{seeded, "6.0", "mine", http.StatusBadGateway},
		{seeded, "6.1", "mine", http.StatusBadRequest},
		{seeded, "6.0", "yours", http.StatusForbidden},
		{flagged, "7.0", "MINE", http.StatusServiceUnavailable},
		{flagged, "7.1", "mine", http.StatusBadRequest},
	} {
		if got := ask(c.url, c.version, c.cluster); got != c.want {
			t.Errorf("api-version %s of cluster %s: got %d, want %d", c.version, c.cluster, got, c.want)
		}
	}
}

// A server copies its store while it serves, and a copy can be served like the store.
func TestServeBackup(t *testing.T) {
	dir := t.TempDir()
	copies := filepath.Join(dir, "copies")
	if err := os.Mkdir(copies, 0o700); err != nil {
		t.Fatal(err)
	}
	url := serveInTest(t, "--store", "bolt:"+filepath.Join(dir, "faults.db"), "--backup", copies, "--backup-every", "20ms")
	id := start(t, url, dataLoss...)
	copied := func() []os.DirEntry {
		entries, err := os.ReadDir(copies)
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}
	// Three more: one may have begun before the start was answered, and one may be incomplete.
	before := len(copied())
	for deadline := time.Now().Add(time.Minute); len(copied()) < before+3; {
		if time.Now().After(deadline) {
			t.Fatalf("after a minute: got %d copies after the start, want 3", len(copied())-before)
		}
		time.Sleep(time.Millisecond)
	}
	var latest string
	for _, entry := range copied() {
		if !strings.Contains(entry.Name(), ".new-") { // incomplete
			latest = entry.Name() // in the order of time
		}
	}
	if !strings.HasPrefix(latest, "faults.db.2") {
		t.Errorf("got copy %s, want the name of the store and a time", latest)
	}
	again := serveInTest(t, "--store", "bolt:"+filepath.Join(copies, latest))
	if code, out, errs := sfcancel(t, "list", "--endpoint", again); code != exitOK || !strings.Contains(out, id) {
		t.Errorf("list of the copy: exit %d, want %d with %s: %s%s", code, exitOK, id, out, errs)
	}
}

// --document serves every file of the document at its path. Without the flag, the document is not served.
func TestServeDocument(t *testing.T) {
	files, err := openapi.Files()
	if err != nil {
		t.Fatal(err)
	}
	url := serveInTest(t, "--document", "/openapi")
	status, _, body := exchange(t, http.DefaultClient, http.MethodGet, url+"/openapi", nil, "")
	if got, want := strings.Fields(string(body)), slices.Sorted(maps.Keys(files)); status != http.StatusOK || !slices.Equal(got, want) {
		t.Errorf("got %d with the names %v, want 200 with %v", status, got, want)
	}
	for name, want := range files {
		status, header, body := exchange(t, http.DefaultClient, http.MethodGet, url+"/openapi/"+name, nil, "")
		if kind := "application/" + name[strings.LastIndex(name, ".")+1:]; status != http.StatusOK || !bytes.Equal(body, want) || !strings.HasPrefix(header.Get("Content-Type"), kind) {
			t.Errorf("%s: got %d with %d bytes of %s, want 200 with %d of %s", name, status, len(body), header.Get("Content-Type"), len(want), kind)
		}
	}
	if status, _, _ := exchange(t, http.DefaultClient, http.MethodGet, serveInTest(t)+"/openapi", nil, ""); status != http.StatusBadRequest {
		t.Errorf("without the flag: got %d, want 400", status)
	}
	for _, path := range []string{"openapi", "/", "/Faults", ""} {
		if code, _, errs := sfcancel(t, "serve", "--addr", "127.0.0.1:0", "--document", path); code != exitUsage || !strings.Contains(errs, "document") {
			t.Errorf("--document %q: exit %d, want %d: %s", path, code, exitUsage, errs)
		}
	}
}

// unfinished sends a request whose body never comes, and returns when the handler waits for the
// body.
func unfinished(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "POST /Faults/$/Cancel?api-version=6.0&OperationId=%s&Force=false HTTP/1.1\r\n"+
		"Host: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", uuid.NewString())
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("got %q, %v, want 100 Continue", line, err)
	}
	return conn
}

// The server waits for a request whose body never comes until the drain time is over. Then it ends
// without an error, and logs that it cut off a request.
func TestServeCutsOffRequests(t *testing.T) {
	engine := emulator.New(memory.New())
	log := new(processLog)
	logger := slog.New(slog.NewTextHandler(log, nil))
	handler, err := server.New(engine)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, server.NewHTTPServer(handler, logger), listener, engine, time.Now, 50*time.Millisecond)
	}()
	conn := unfinished(t, "http://"+listener.Addr().String())
	stop()
	if err := <-ended; err != nil {
		t.Errorf("serve: got %v, want nil", err)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "50ms") {
		t.Errorf("got log %s, want a warning with 50ms", log.String())
	}
	if answer, _ := io.ReadAll(conn); strings.Contains(string(answer), " 200 ") {
		t.Errorf("got answer %s, want none", answer)
	}
}

// A server whose store is closed ends at once, even with a request under way, with its own exit
// code and one line at level ERROR.
func TestServeEndsWithItsStore(t *testing.T) {
	st := memory.New()
	engine := emulator.New(st)
	log := new(processLog)
	logger := slog.New(slog.NewTextHandler(log, nil))
	handler, err := server.New(engine)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- logLost(logger, serve(t.Context(), server.NewHTTPServer(handler, logger), listener, engine, time.Now, time.Hour))
	}()
	unfinished(t, "http://"+listener.Addr().String())
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	err = <-ended
	if !errors.Is(err, store.ErrClosed) || exitCode(err) != exitStoreLost {
		t.Errorf("got %v, exit %d, want ErrClosed, exit %d", err, exitCode(err), exitStoreLost)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("got %d lines at level ERROR, want 1:\n%s", n, log.String())
	}
}
