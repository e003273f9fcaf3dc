package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/store/memory"
)

func newServe() *cobra.Command {
	var addr, profile, version, storage string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve a reference cluster that has no services and no nodes, only operations",
		Long: `Serve the fault operations of a reference cluster. Operations go through their
steps by the clock, and nothing else happens to anything.

The first line of standard output is "listening on http://HOST:PORT", once the
socket accepts. Requests are logged on standard error. An interrupt or a
termination lets requests under way finish, and exits with 0.

Stores: "memory" forgets everything at the end; "bolt:PATH" keeps it in a file,
and loses nothing that was answered, however the process ends.`,
		Example: "  sfcancel serve --addr 127.0.0.1:19080 --store bolt:faults.db",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := server.ParseProfile(profile)
			if err != nil {
				return usage(err)
			}
			if err := checkLoopback(addr); err != nil {
				return usage(err)
			}
			st, err := openStore(storage)
			if err != nil {
				return err
			}
			logger := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			engine := emulator.New(st, emulator.WithProfile(p))
			handler, err := server.New(engine,
				server.WithProfile(p), server.WithRuntimeVersion(version), server.WithLogger(logger))
			if err != nil {
				return errors.Join(usage(err), st.Close())
			}
			listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", addr)
			if err != nil {
				return errors.Join(err, st.Close())
			}
			fmt.Fprintf(cmd.OutOrStdout(), "listening on http://%s\n", listener.Addr())
			err = serve(cmd.Context(), server.NewHTTPServer(handler, logger), listener, engine)
			return errors.Join(err, st.Close())
		},
	}
	f := cmd.Flags()
	f.StringVar(&addr, "addr", "127.0.0.1:19080", "address to listen on, a loopback one; port 0 picks a free port")
	f.StringVar(&profile, "profile", server.Documented.String(), "whom to follow where the documents and the runtime disagree: documented or runtime")
	f.StringVar(&version, "runtime-version", "8.2", "version of the runtime to stand for: the newest api-version that is accepted")
	f.StringVar(&storage, "store", "memory", "where operations are kept: memory or bolt:PATH")
	return cmd
}

// drainTime is how long requests under way may take once the end was asked for.
const drainTime = 10 * time.Second

// sweepEvery is how often what is due is written down; nothing waits for it.
const sweepEvery = time.Second

// serve runs until ctx ends, and returns when everything it started has ended.
func serve(ctx context.Context, srv *http.Server, listener net.Listener, engine *emulator.Emulator) error {
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-served:
			return err
		case <-tick.C:
			if err := engine.Sweep(ctx); err != nil && ctx.Err() == nil {
				srv.ErrorLog.Printf("sweep: %v", err)
			}
		case <-ctx.Done():
			drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
			defer cancel()
			err := srv.Shutdown(drain)
			if served := <-served; !errors.Is(served, http.ErrServerClosed) {
				err = errors.Join(err, served)
			}
			return err
		}
	}
}

// openStore opens what --store names.
func openStore(name string) (store.Store, error) {
	kind, path, _ := strings.Cut(name, ":")
	switch {
	case name == "memory":
		return memory.New(), nil
	case kind == "bolt" && path != "":
		return bolt.Open(path)
	}
	return nil, usage(fmt.Errorf("--store %q: it must be memory or bolt:PATH", name))
}

// checkLoopback keeps an unprotected server on this machine: it has neither TLS nor
// certificates, so anyone who reached it could do anything.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("--addr %q: it must be HOST:PORT", addr)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("--addr %q: only a loopback address, such as 127.0.0.1:19080, may be served without TLS", addr)
}
