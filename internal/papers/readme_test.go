package papers

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

// These tests run the code blocks of the README. They change only addresses, and the source of the clone.

const repository = "https://github.com/sfcancel/sfcancel"

// "make walk" sets clone. A clone is compiled from scratch, which takes a minute or two.
var clone = flag.Bool("clone", false, "clone, run, install and get as the README says")

// The program compiles unchanged, and prints the text in its last comment.
func TestProgram(t *testing.T) {
	long(t)
	t.Parallel()
	text := block(t, "README.md", "go", "package main")
	said := regexp.MustCompile(`(?m)fmt\.Println\(.*\) // (.*)$`).FindStringSubmatch(text)
	id := regexp.MustCompile(`MustParse\("(.*)"\)`).FindStringSubmatch(text)
	if said == nil || id == nil {
		t.Fatalf("got no Println with its output, or no id, in\n%s", text)
	}
	gateway := aCluster(t, uuid.MustParse(id[1]))

	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	write(t, file, strings.Replace(text, "http://localhost:19080", gateway, 1))
	program := filepath.Join(dir, "program")
	run(t, root, nil, "go", "build", "-o", program, file)
	if got := strings.TrimSpace(run(t, dir, nil, program)); got != said[1] {
		t.Errorf("the program prints %q, want %q", got, said[1])
	}
}

// aCluster serves one operation. It ends an hour after a cancel, by the engine's clock, which each cancel advances by an
// hour.
func aCluster(t *testing.T, id uuid.UUID) string {
	t.Helper()
	var passed atomic.Int64
	engine := emulator.New(memory.New(), emulator.WithClock(func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }))
	h, err := server.New(engine)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		if strings.HasSuffix(r.URL.Path, "/Cancel") {
			passed.Add(int64(time.Hour))
		}
	}))
	t.Cleanup(srv.Close)
	client, err := wrapper.New(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	target := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.UUID{1}}
	if _, err := client.StartDataLoss(t.Context(), target, "PartialDataLoss", wrapper.StartOptions{OperationID: id}); err != nil {
		t.Fatal(err)
	}
	return srv.URL
}

// The commands succeed, and their output has the expected texts. A script in place of sfcancel adds a free port.
func TestCommands(t *testing.T) {
	long(t)
	t.Parallel()
	script := block(t, "README.md", "sh", "sfcancel serve")
	dir := t.TempDir()
	run(t, root, nil, "go", "build", "-o", filepath.Join(dir, "program"), "./cmd/sfcancel")
	addr := freeAddr(t)
	bin := t.TempDir()
	write(t, filepath.Join(bin, "sfcancel"), fmt.Sprintf(`#!/usr/bin/env bash
case $1 in
serve) exec %[1]s/program "$@" --addr %[2]s ;;
ledger) exec %[1]s/program "$@" ;;
*) exec %[1]s/program "$@" --endpoint http://%[2]s ;;
esac
`, dir, addr))
	if err := os.Chmod(filepath.Join(bin, "sfcancel"), 0o700); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	out := run(t, dir, []string{
		"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + home, "XDG_STATE_HOME=" + filepath.Join(home, "state"), "XDG_CONFIG_HOME=" + filepath.Join(home, "config"),
	}, "bash", "-euxo", "pipefail", "-c", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"+script) // so that a failed script leaves no server
	for _, want := range []string{"Running", "Accepted", "Cancelled", "end of the drill"} {
		if !strings.Contains(out, want) {
			t.Errorf("got no %q, want one in\n%s", want, out)
		}
	}
}

// The commands clone, run and install the repository. The clone is of this repository, and make test, which this test
// is part of, runs only with -n.
func TestClone(t *testing.T) {
	t.Parallel()
	script := block(t, "README.md", "sh", "git clone")
	if !strings.Contains(script, "\nmake test ") {
		t.Fatalf("got no make test in\n%s", script)
	}
	dir, bin := t.TempDir(), t.TempDir()
	run(t, dir, append(fromHere(t), "GOBIN="+bin),
		"bash", "-euxo", "pipefail", "-c", strings.Replace(script, "\nmake test ", "\nmake -n test ", 1))
	if got := run(t, dir, nil, filepath.Join(bin, "sfcancel"), "--version"); !strings.Contains(got, "sfcancel") {
		t.Errorf("the installed command prints the version %q, want sfcancel in it", got)
	}
}

// The go get command in the table for the time before the first tag works, and the program compiles with the packages.
func TestGet(t *testing.T) {
	t.Parallel()
	module := strings.TrimPrefix(repository, "https://")
	get := regexp.MustCompile("`go (get " + regexp.QuoteMeta(module) + "/wrapper@main)`").FindStringSubmatch(read(t, "README.md"))
	if get == nil {
		t.Fatal("got no go get of the main branch in README.md, want one")
	}
	dir, cache := t.TempDir(), t.TempDir()
	env := append(fromHere(t),
		"GOFLAGS=-modcacherw", "GOWORK=off", "GOMODCACHE="+cache, "GOPRIVATE="+module,
		"GOPROXY=file://"+strings.TrimSpace(run(t, root, nil, "go", "env", "GOMODCACHE"))+"/cache/download,"+strings.TrimSpace(run(t, root, nil, "go", "env", "GOPROXY")))
	write(t, filepath.Join(dir, "main.go"), block(t, "README.md", "go", "package main"))
	run(t, dir, env, "go", "mod", "init", "program.test")
	run(t, dir, env, "go", strings.Fields(get[1])...)
	run(t, dir, env, "go", "build", "-o", filepath.Join(dir, "program"), ".")
}

// fromHere returns an environment in which git uses the commits of this repository instead of the public one's main branch.
func fromHere(t *testing.T) []string {
	t.Helper()
	if !*clone {
		t.Skip("make walk runs it")
	}
	if !exists(".git") {
		t.Skip("there is no .git: nothing to clone or get")
	}
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(t.TempDir(), "public.git")
	run(t, here, nil, "git", "init", "-q", "--bare", "-b", "main", public)
	run(t, here, nil, "git", "push", "-q", public, "HEAD:refs/heads/main")
	return []string{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url.file://" + public + ".insteadOf", "GIT_CONFIG_VALUE_0=" + repository}
}

// long skips a test in make quick, because it runs the go command, which compiles.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it compiles programs")
	}
}

// run runs a command to its end and returns its output. The go command finds the workspace of the repository.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.WaitDelay = 10 * time.Second // a server left by a failed script keeps the output open
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
