package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
)

// unfinished sends a request to a server whose body never comes, and returns when its handler
// waits for that.
func unfinished(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	fmt.Fprintf(conn, "POST /Faults/$/Cancel?api-version=6.0&OperationId=%s&Force=false HTTP/1.1\r\n"+
		"Host: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", uuid.NewString())
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err)
	}
	return conn
}

// A request whose body never comes is waited for as long as the drain lasts. Then the server
// ends well, and says that it cut something off.
func TestServeEndsWithARequestThatDoesNot(t *testing.T) {
	engine := emulator.New(memory.New())
	log := new(processLog)
	logger := slog.New(slog.NewTextHandler(log, nil))
	handler, err := server.New(engine)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, server.NewHTTPServer(handler, logger), listener, engine, time.Now, 50*time.Millisecond)
	}()
	conn := unfinished(t, "http://"+listener.Addr().String())
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "50ms") {
		t.Errorf("the log says nothing of it: %s", log.String())
	}
	if answer, _ := io.ReadAll(conn); strings.Contains(string(answer), " 200 ") {
		t.Errorf("the request was answered: %s", answer)
	}
}
