//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// untilClosed returns once nobody listens there any more.
func untilClosed(t *testing.T, url string) {
	t.Helper()
	for {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			return
		}
		_ = conn.Close()
	}
}

// A second signal ends the command at once, whatever it waits for after the first.
func TestSecondSignalEnds(t *testing.T) {
	for _, signals := range [][2]syscall.Signal{{syscall.SIGTERM, syscall.SIGTERM}, {syscall.SIGINT, syscall.SIGINT}, {syscall.SIGINT, syscall.SIGTERM}} {
		t.Run(fmt.Sprint(signals), func(t *testing.T) {
			p := serveProcess(t)
			unfinished(t, p.url)
			if err := p.cmd.Process.Signal(signals[0]); err != nil {
				t.Fatal(err)
			}
			untilClosed(t, p.url) // so the first has been heeded, and the request is waited for
			wantKilled(t, p.cmd, signals[1])
		})
	}
}

// It does so where nothing heeds a signal: of a command that waits for a pipe to be read, whose
// context nobody asks.
func TestSecondSignalEndsWhatHeedsNone(t *testing.T) {
	cmd := exec.Command(os.Args[0], "serve", "--addr", "127.0.0.1:0", "--seed", "/dev/stdin")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	// What it has read shows that it has begun, and waits for the rest.
	if _, err := io.WriteString(stdin, strings.Repeat(" ", 1<<20)); err != nil {
		t.Fatal(err)
	}
	wantKilled(t, cmd, syscall.SIGINT)
}

// wantKilled sends a signal until the process has ended, which it must do by that signal.
func wantKilled(t *testing.T, cmd *exec.Cmd, signal syscall.Signal) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for giveUp := time.After(time.Minute); ; {
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != signal {
				t.Errorf("it ended with %v, want %v", err, signal)
			}
			return
		case <-giveUp:
			t.Fatal("it goes on")
		case <-again.C:
			_ = cmd.Process.Signal(signal)
		}
	}
}
