package azure_test

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is the path of the program under test, built from the parent module.
var program string

func TestMain(m *testing.M) {
	// These tests mostly wait for operations to end. In parallel they take as long as the
	// longest test; by default only as many run as there are processors, which takes
	// minutes. The flag -parallel overrides this.
	if err := flag.Set("test.parallel", "128"); err != nil {
		panic(err)
	}
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "sfcancel-azure-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	program = filepath.Join(dir, "sfcancel")
	build := exec.Command("go", "build", "-o", program, "./cmd/sfcancel")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building the program under test: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// pace leaves enough time for the calls of a test while an operation is active, even on a
// busy machine, and little more.
const pace = `{"default": {"lookUp": {"takes": "20s"}, "perform": {"takes": "1s"}, "undo": {"takes": "1s"}}}`

// serve starts a process "sfcancel serve" and returns its URL. When the test and its parallel
// subtests have ended, it terminates the process, which must exit with 0.
func serve(t *testing.T, args ...string) string {
	t.Helper()
	scenario := filepath.Join(t.TempDir(), "scenario.json")
	if err := os.WriteFile(scenario, []byte(pace), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{"serve", "--addr", "127.0.0.1:0", "--store", "memory", "--scenario", scenario}, args...)...)
	var log bytes.Buffer // read only after Wait
	cmd.Stderr = &log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("got the error %v from SIGTERM, want a running server", err)
		}
		// Draining takes at most 10 s; a server that hangs longer is killed, which makes Wait fail.
		defer time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() }).Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("after SIGTERM: got %v, want exit code 0", err)
		}
		if t.Failed() {
			// The lines about requests add nothing to the failures.
			for line := range strings.Lines(log.String()) {
				if !strings.Contains(line, "level=INFO") {
					t.Logf("log of the server: %s", line)
				}
			}
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	url, found := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !found {
		t.Fatalf("got the first line %q (%v), want \"listening on http://HOST:PORT\"", line, err)
	}
	return url
}
