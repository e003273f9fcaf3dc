package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestServeEndsWell: a termination drains, and exits with 0; what was stored is there
// for the next process.
func TestServeEndsWell(t *testing.T) {
	storage := "bolt:" + filepath.Join(t.TempDir(), "faults.db")
	first := serveProcess(t, "--store", storage)
	id := start(t, first.url, dataLoss...)

	// The file belongs to one process at a time.
	code, _, errs := sfcancel(t, "serve", "--addr", "127.0.0.1:0", "--store", storage)
	if code != exitFailed || !strings.Contains(errs, "faults.db") {
		t.Errorf("a second server on the same file: exit %d, %q", code, errs)
	}

	if err := first.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := first.cmd.Wait(); err != nil {
		t.Errorf("after a termination: %v", err)
	}
	second := serveProcess(t, "--store", storage)
	if code, out, errs := sfcancel(t, "progress", id, "--endpoint", second.url); code != exitOK {
		t.Errorf("the operation is gone: exit %d, %s%s", code, out, errs)
	}
}

func TestServeRefuses(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(foreign, []byte("dear diary"), 0o600); err != nil {
		t.Fatal(err)
	}
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
		{"a runtime that is none", []string{"--runtime-version", "newest"}, exitUsage, "newest"},
		{"a store that does not exist", []string{"--store", "tape:/dev/st0"}, exitUsage, "memory or bolt:PATH"},
		{"bolt without a path", []string{"--store", "bolt:"}, exitUsage, "memory or bolt:PATH"},
		{"a directory that does not exist", []string{"--store", "bolt:/does/not/exist/faults.db"}, exitFailed, "/does/not/exist"},
		{"a file that is no store", []string{"--store", "bolt:" + foreign}, exitFailed, "notes.txt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := sfcancel(t, append([]string{"serve"}, c.args...)...)
			if code != c.code || !strings.Contains(errs, c.want) || out != "" {
				t.Errorf("exit %d, %q, %q; want exit %d and %q", code, out, errs, c.code, c.want)
			}
		})
	}
	if content, err := os.ReadFile(foreign); err != nil || string(content) != "dear diary" {
		t.Errorf("the foreign file became %q (%v)", content, err)
	}
}
