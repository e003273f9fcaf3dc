package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// The message for a ledger whose disk is full, by a force that the policy allows.
func TestMessageLedgerFull(t *testing.T) {
	url := serveInTest(t, "--freeze")
	dir := smallDisk(t)
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("2 MiB on a disk of 1 MiB: got %v, want ENOSPC", err)
	}
	ledger := "file:" + filepath.Join(dir, "ledger")
	provoked{"ledger-full", []string{"force", start(t, url, dataLoss...), "--endpoint", url, "--policy", "server-decides", "--ledger", ledger}, exitPolicy}.check(t)
}

// The message for an address that neither accepts nor refuses connections, as behind a firewall.
func TestMessageUnreachable(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 5 s")
	}
	provoked{"unreachable", []string{"list", "--endpoint", "http://" + deaf(t)}, exitNotSent}.check(t)
}

// deaf returns an address whose queue of connections is full, so that the kernel answers no more.
func deaf(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	at := net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
	for range 8 {
		conn, err := (&net.Dialer{Timeout: time.Second / 4}).DialContext(t.Context(), "tcp", at)
		if err != nil {
			return at
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	t.Skip("the queue of a socket is not limited here")
	return ""
}
