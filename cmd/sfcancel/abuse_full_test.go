//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sfcancel/sfcancel/internal/abuse"
)

// smallDisk returns a directory on a file system of 1 MiB. It skips the test if nothing can be mounted.
func smallDisk(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=700"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fullDisk fills a disk. Lists and progress still work, starts and cancels are refused and have no effect, and
// everything works again as soon as there is room.
func fullDisk(t *testing.T) []abuse.Figure {
	dir := smallDisk(t)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 700<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	p := serveProcess(t, "--speed", "100", "--store", "bolt:"+filepath.Join(dir, "faults.db"))
	begin := func(n int) (code int, text string) {
		id := fmt.Sprintf("00000000-0000-4000-8000-%012d", n)
		code, out, errs := sfcancel(t, append(append([]string{"start"}, dataLoss...), "--id", id, "--endpoint", p.url, "--ledger", "none", "--timeout", "1s")...)
		return code, out + errs
	}
	n, text := 0, ""
	for ; n < 5_000; n++ {
		var code int
		if code, text = begin(n); code != exitOK {
			break
		}
	}
	if !strings.Contains(text, "FABRIC_E_NO_WRITE_QUORUM") {
		t.Fatalf("start %d: got %s, want FABRIC_E_NO_WRITE_QUORUM", n, text)
	}
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", n-1)
	wrong := 0 // refused starts that are listed, and accepted ones that are not
	for range 3 {
		code, out, errs := sfcancel(t, "list", "--endpoint", p.url)
		if code != exitOK {
			t.Errorf("list: exit %d, want %d: %s", code, exitOK, errs)
		}
		wrong = max(wrong, n+1-strings.Count(out, "\n"), strings.Count(out, "\n")-n-1)
		if code, out, errs := sfcancel(t, "progress", id, "--endpoint", p.url); code != exitOK {
			t.Errorf("progress: exit %d, want %d: %s%s", code, exitOK, out, errs)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if code, text := begin(n); code != exitOK {
		t.Errorf("start with room: exit %d, want %d: %s", code, exitOK, text)
	}
	if code, out, errs := sfcancel(t, "wait", id, "--endpoint", p.url, "--timeout", "1m"); code != exitOK {
		t.Errorf("wait: exit %d, want %d: %s%s", code, exitOK, out, errs)
	}
	p.end(t)
	return []abuse.Figure{abuse.Count("starts", n, 0).Free(), abuse.Count("wrong", wrong, 0)}
}
