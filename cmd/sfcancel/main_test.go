package main

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
	"encoding/hex"
	"encoding/pem"
	"flag"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// asProgram is the environment variable that makes the test binary run as the program, so that
// tests can start and kill real processes without building anything.
const asProgram = "SFCANCEL_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	testscript.Main(apart{m}, map[string]func(){"sfcancel": main})
}

// apart keeps the tests, and the processes they start, away from the ledger and the configuration of the user.
type apart struct{ m *testing.M }

func (a apart) Run() int {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "SFCANCEL_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}

	state, err := os.MkdirTemp("", "sfcancel-test-*")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(state) }()
	for _, name := range []string{"XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME", "LocalAppData", "AppData"} {
		if err := os.Setenv(name, state); err != nil {
			panic(err)
		}
	}
	// Parallel tests mostly wait for processes and time-outs. -parallel still takes precedence.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	return a.m.Run()
}

// confirmed returns the command line with --yes if the command would ask.
func confirmed(args []string) []string {
	if len(args) > 0 && args[0] == "force" {
		return append(slices.Clone(args), "--yes")
	}
	return args
}

// sfcancel runs the program to its end and returns its exit code and output. A force is confirmed.
func sfcancel(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	code = run(ctx, confirmed(args), &out, &errs)
	return code, out.String(), errs.String()
}

// patiently runs a command that uses up its --timeout, with longer and longer ones until the result
// is right: how long that takes depends on the machine.
func patiently(t *testing.T, right func(code int, text string) bool, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	for timeout := time.Second / 4; ; timeout *= 2 {
		code, stdout, stderr = sfcancel(t, append(args, "--timeout", timeout.String())...)
		if right(code, stdout+stderr) || timeout > 20*time.Second {
			return code, stdout, stderr
		}
	}
}

// interrupted runs a command that waits, and interrupts it once its output is enough.
func interrupted(t *testing.T, enough func(soFar string) bool, args ...string) (code int, text string) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out processLog
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, confirmed(args), &out, &out) }()
	for deadline := time.Now().Add(time.Minute); !enough(out.String()) && len(ended) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("sfcancel %v: got only %q in a minute", args, out.String())
			break
		}
	}
	interrupt()
	return <-ended, out.String()
}

// process is a serving process.
type process struct {
	cmd    *exec.Cmd
	url    string
	beside string // of --admin-addr, if it was given
	log    *processLog
}

// processLog is what a process writes on standard error. It can be read while the process runs.
type processLog struct {
	mu   sync.Mutex
	text []byte
}

func (l *processLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

func (l *processLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// serveProcess starts "sfcancel serve" as a process of its own and waits for its
// first line. It is killed at the end of the test if it still runs.
func serveProcess(t *testing.T, args ...string) *process {
	t.Helper()
	return startProcess(t, exec.Command(os.Args[0], append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...))
}

// startProcess starts the test binary as the program, by a command that may wrap it.
func startProcess(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	cmd.Env = append(os.Environ(), asProgram+"=1")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log := new(processLog)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p, lines := &process{cmd: cmd, log: log}, bufio.NewReader(stdout)
	read := func(begins string) string {
		line, err := lines.ReadString('\n')
		url, found := strings.CutPrefix(strings.TrimSpace(line), begins)
		if err != nil || !found {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			t.Fatalf("got line %q, %v, want one that begins with %q; log:\n%s", line, err, begins, log.String())
		}
		return url
	}
	p.url = read("listening on ")
	if slices.Contains(cmd.Args, "--admin-addr") {
		p.beside = read("admin on ")
	}
	return p
}

// end terminates the process, which must exit with 0.
func (p *process) end(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: got %v, want exit 0", err)
	}
}

// serveInTest runs "sfcancel serve" in this process, on a socket of its own, until the
// end of the test, and returns its address. It must exit with 0.
func serveInTest(t *testing.T, args ...string) string {
	t.Helper()
	url, _ := serveUntil(t, args...)
	return url
}

// serveUntil is serveInTest with a function that ends the server earlier.
func serveUntil(t *testing.T, args ...string) (url string, end func()) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, stdout := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		code := run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...), stdout, &stderr)
		_ = stdout.Close()
		ended <- code
	}()
	end = sync.OnceFunc(func() {
		stop()
		if code := <-ended; code != exitOK {
			t.Errorf("serve %v: exit %d, want %d:\n%s", args, code, exitOK, stderr.String())
		}
	})
	t.Cleanup(end)
	line, err := bufio.NewReader(out).ReadString('\n')
	url, found := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !found {
		t.Fatalf("serve %v: got first line %q, %v, want the address", args, line, err)
	}
	return url, end
}

// testPKI is a certificate authority, with the files of a server and the certificates of clients.
type testPKI struct {
	dir     string
	ca      *x509.Certificate
	caKey   *ecdsa.PrivateKey
	clients map[string]tls.Certificate
}

func newTestPKI(t *testing.T) *testPKI {
	t.Helper()
	p := &testPKI{dir: t.TempDir(), clients: make(map[string]tls.Certificate)}
	root := p.issue(t, "test root", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	p.ca, p.caKey = root.Leaf, root.PrivateKey.(*ecdsa.PrivateKey)
	p.write(t, "ca.pem", "CERTIFICATE", p.ca.Raw)

	srv := p.issue(t, "server", func(c *x509.Certificate) {
		c.IPAddresses, c.ExtKeyUsage = []net.IP{net.IPv4(127, 0, 0, 1)}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	key, err := x509.MarshalPKCS8PrivateKey(srv.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, "server.pem", "CERTIFICATE", srv.Leaf.Raw)
	p.write(t, "server.key", "PRIVATE KEY", key)
	p.clients["server"] = srv
	for _, name := range []string{"admin", "user", "stranger"} {
		p.clients[name] = p.issue(t, name, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	}
	return p
}

// issue makes a certificate; the first one is self-signed.
func (p *testPKI) issue(t *testing.T, name string, edit func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	c, err := p.make(name, edit)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (p *testPKI) make(name string, edit func(*x509.Certificate)) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	edit(template)
	parent, signer := p.ca, p.caKey
	if parent == nil {
		parent, signer = template, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(raw)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}, err
}

func (p *testPKI) write(t *testing.T, name, kind string, content []byte) {
	t.Helper()
	if err := os.WriteFile(p.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *testPKI) file(name string) string { return filepath.Join(p.dir, name) }

func (p *testPKI) thumbprint(name string) string {
	sum := sha1.Sum(p.clients[name].Leaf.Raw)
	return hex.EncodeToString(sum[:])
}

// config returns the configuration of a client with the certificate of that name, or none for nil.
func (p *testPKI) config(name *string) *tls.Config {
	c := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	c.RootCAs.AddCert(p.ca)
	if name != nil {
		c.Certificates = []tls.Certificate{p.clients[*name]}
	}
	return c
}
