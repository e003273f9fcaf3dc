package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"github.com/sfcancel/sfcancel/cmd/sfcancel/internal/admin"
	"github.com/sfcancel/sfcancel/internal/loopback"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// beside is the address that a server serves beside the API; the zero value serves nothing.
type beside struct {
	listener net.Listener
	metrics  *admin.Metrics
}

// listenBeside listens on the address of --admin-addr, if there is one.
func (s serveFlags) listenBeside(ctx context.Context) (beside, error) {
	if s.adminAddr == "" {
		return beside{}, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.adminAddr)
	return beside{listener, admin.NewMetrics()}, err
}

// checkBeside validates the flags.
func (s serveFlags) checkBeside() error {
	switch {
	case s.adminAddr != "" && !loopback.Address(s.adminAddr):
		return fmt.Errorf("--admin-addr %q: it must be a loopback address, such as 127.0.0.1:19081", s.adminAddr)
	case s.control && s.adminAddr == "":
		return errors.New("--control needs --admin-addr, the address to control the server at")
	}
	return nil
}

func (b beside) url() string { return "http://" + b.listener.Addr().String() }

// measured returns the store with its calls timed, if there is an address to show that.
func (b beside) measured(st store.Store) store.Store {
	if b.listener == nil {
		return st
	}
	return b.metrics.Store(st)
}

// serve serves until stop is called. The server is not ready once ctx has ended.
func (b beside) serve(ctx context.Context, logger *slog.Logger, st store.Store, control http.Handler) (stop func()) {
	ready := admin.Ready(st)
	srv := server.NewHTTPServer(admin.Handler(b.metrics, func(asked context.Context) error {
		if ctx.Err() != nil {
			return errors.New("the server is shutting down")
		}
		return ready(asked)
	}, control), logger)
	var served sync.WaitGroup
	served.Go(func() {
		if err := srv.Serve(b.listener); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("--admin-addr", "error", err)
		}
	})
	return func() {
		_ = srv.Close()
		served.Wait()
	}
}

// controlled returns the source of the engine's clock and scenarios, with or without --control.
func (s serveFlags) controlled(ctx context.Context, st store.Store, p plan) (*admin.Control, error) {
	begin := admin.Situation{Speed: p.speed, Availability: p.availability, Scenario: p.scenario}
	if s.seed != "" {
		begin.Seed = &p.seed
	}
	return admin.NewControl(ctx, st, begin)
}

// spoiled returns the server with the script of faults in front if --control is set.
func (s serveFlags) spoiled(control *admin.Control, server http.Handler) http.Handler {
	if !s.control {
		return server
	}
	return control.Wire(server)
}

// reached returns a listener that can be taken off the network if --control is set.
func (s serveFlags) reached(control *admin.Control, listener net.Listener, srv *http.Server) net.Listener {
	if !s.control {
		return listener
	}
	address := admin.NewAddress(listener)
	control.At(address, srv.SetKeepAlivesEnabled)
	return address
}

// controls returns the handler of /control/, or nil without --control.
func (s serveFlags) controls(control *admin.Control) http.Handler {
	if !s.control {
		return nil
	}
	return control.Handler()
}
