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
	// These tests wait for operations to end and use no processor meanwhile. Side by
	// side they take as long as the longest; by default only as many run as there are
	// processors, and minutes go by. -parallel still has the last word.
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

// pace leaves time for all that has to happen while an operation is under way, on a
// machine that has much else to do, and takes little more.
const pace = `{"default": {"lookUp": {"takes": "20s"}, "perform": {"takes": "1s"}, "undo": {"takes": "1s"}}}`

// serve starts "sfcancel serve" as a process of its own and returns its address. At the
// end of the test, and of its parallel subtests, the process is asked to end, and has to
// exit with 0.
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
			t.Errorf("the server ended before it was asked to: %v", err)
		}
		// Draining takes 10 s at most; what hangs longer is killed, and fails the Wait.
		defer time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() }).Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("after a termination the server ended with: %v", err)
		}
		if t.Failed() {
			// The lines about requests tell nothing that the failures do not.
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
		t.Fatalf("the first line of the server is %q (%v), want \"listening on http://HOST:PORT\"", line, err)
	}
	return url
}
