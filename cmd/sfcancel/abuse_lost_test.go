//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sfcancel/sfcancel/internal/abuse"
)

// failedFsync makes every fdatasync of a thread fail from one on. If the write may already be visible, the store closes
// itself, and the server ends with its own exit code. Otherwise the write has no effect: lists still work, and writes are
// refused. In both cases, nothing that was acknowledged is lost.
func failedFsync(t *testing.T) []abuse.Figure {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("there is no strace")
	}
	if err := exec.Command(strace, "-qq", "-e", "inject=fdatasync:error=EIO:when=1000", "true").Run(); err != nil {
		t.Skipf("strace cannot trace here: %v", err)
	}
	closed, refused, kept, lost := 0, 0, 0, 0
	first := syncsAtStart(t, strace) + 1 // strace counts them thread by thread
	for when := first; when < first+4; when++ {
		storage := "bolt:" + filepath.Join(t.TempDir(), "faults.db")
		cmd := exec.Command(strace, "-f", "-qq", "-o", os.DevNull, "-e", "trace=fdatasync", "-e", fmt.Sprintf("inject=fdatasync:error=EIO:when=%d+", when),
			os.Args[0], "serve", "--freeze", "--addr", "127.0.0.1:0", "--store", storage)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		p := startProcess(t, cmd)
		end := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // strace does not forward signals
		t.Cleanup(end)
		var acknowledged []string
		var last string
		for {
			id := fmt.Sprintf("00000000-0000-4000-8000-%012d", len(acknowledged))
			code, out, errs := sfcancel(t, append(append([]string{"start"}, dataLoss...), "--id", id, "--endpoint", p.url, "--ledger", "none", "--timeout", "5s")...)
			if last = out + errs; code != exitOK {
				break
			}
			acknowledged = append(acknowledged, id)
		}
		if strings.Contains(last, "FABRIC_E_NO_WRITE_QUORUM") {
			refused++
			if code, out, errs := sfcancel(t, "list", "--endpoint", p.url); code != exitOK || strings.Count(out, "Running") != len(acknowledged) {
				t.Errorf("fdatasync %d: list: exit %d, want %d with the %d acknowledged operations:\n%s%s", when, code, exitOK, len(acknowledged), out, errs)
			}
			end()
			_ = cmd.Wait()
		} else {
			closed++
			_ = cmd.Wait() // strace exits with the code of the server
			if code := cmd.ProcessState.ExitCode(); code != exitStoreLost || strings.Count(p.log.String(), "level=ERROR") != 1 {
				t.Errorf("fdatasync %d: exit %d of the server, want %d and one line at level ERROR; the last start: %s\n%s", when, code, exitStoreLost, last, p.log.String())
			}
		}
		again := serveProcess(t, "--freeze", "--store", storage)
		_, out, _ := sfcancel(t, "list", "--endpoint", again.url)
		kept += len(acknowledged)
		for _, id := range acknowledged {
			if !strings.Contains(out, id) {
				lost++
				t.Errorf("fdatasync %d: got no operation %s after the restart, want it, because it was acknowledged", when, id)
			}
		}
		again.end(t)
	}
	return []abuse.Figure{
		abuse.Count("ended", closed, 0).Free(), abuse.Count("refused", refused, 0).Free(), // depends on which thread makes which call
		abuse.Count("acknowledged", kept, 0).Free(), abuse.Count("lost", lost, 0),
	}
}

// syncsAtStart returns how often a server syncs before it listens.
func syncsAtStart(t *testing.T, strace string) int {
	t.Helper()
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	cmd := exec.Command(strace, "-f", "-qq", "-o", trace, "-e", "trace=fdatasync",
		os.Args[0], "serve", "--freeze", "--addr", "127.0.0.1:0", "--store", "bolt:"+filepath.Join(dir, "faults.db"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	startProcess(t, cmd)
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	_ = cmd.Wait()
	calls, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(calls), "fdatasync(")
}
