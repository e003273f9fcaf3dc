package main

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// A server whose store is gone ends at once, also with a request under way, with an exit code of
// its own and one line at level ERROR.
func TestServeEndsWithItsStore(t *testing.T) {
	st := memory.New()
	engine := emulator.New(st)
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
	ended := make(chan error, 1)
	go func() {
		ended <- tellLost(logger, serve(t.Context(), server.NewHTTPServer(handler, logger), listener, engine, time.Now, time.Hour))
	}()
	unfinished(t, "http://"+listener.Addr().String())
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	err = <-ended
	if !errors.Is(err, store.ErrClosed) || exitCode(err) != exitStoreLost {
		t.Errorf("it ended with %v, exit %d, want exit %d", err, exitCode(err), exitStoreLost)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d lines at level ERROR, want 1:\n%s", n, log.String())
	}
}
