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

// untilClosed returns once the address refuses connections.
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

// A second signal kills the command, whatever it waits for after the first.
func TestSecondSignalEnds(t *testing.T) {
	for _, signals := range [][2]syscall.Signal{{syscall.SIGTERM, syscall.SIGTERM}, {syscall.SIGINT, syscall.SIGINT}, {syscall.SIGINT, syscall.SIGTERM}} {
		t.Run(fmt.Sprint(signals), func(t *testing.T) {
			p := serveProcess(t)
			unfinished(t, p.url)
			if err := p.cmd.Process.Signal(signals[0]); err != nil {
				t.Fatal(err)
			}
			untilClosed(t, p.url) // the server has handled the first signal, and waits for the request
			wantKilled(t, p.cmd, signals[1])
		})
	}
}

// A second signal also kills a command that reads from a pipe and does not look at its context.
func TestSecondSignalEndsBlockedRead(t *testing.T) {
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
	// The write returns once the command reads and waits for the rest.
	if _, err := io.WriteString(stdin, strings.Repeat(" ", 1<<20)); err != nil {
		t.Fatal(err)
	}
	wantKilled(t, cmd, syscall.SIGINT)
}

// wantKilled sends a signal repeatedly until it has killed the process.
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
				t.Errorf("the process ended with %v, want %v", err, signal)
			}
			return
		case <-giveUp:
			t.Fatalf("the process still runs after a minute, want it killed by %v", signal)
		case <-again.C:
			_ = cmd.Process.Signal(signal)
		}
	}
}
