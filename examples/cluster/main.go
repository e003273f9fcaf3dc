// Command cluster starts a replicated reference cluster on this machine: three members of
// etcd, three servers that keep their operations there, and a load balancer in front. It
// then cancels operations through the load balancer while it kills a server and the leader
// of etcd, and restarts both. At the end it compares every answer with what each server
// lists, and fails if one was wrong.
//
//	go build -o /tmp/sfcancel ./cmd/sfcancel
//	go run ./examples/cluster -sfcancel /tmp/sfcancel
//
// "make cluster" does both. With -stay it kills nothing and serves until it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sfcancel/sfcancel/examples/internal/cluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if len(os.Args) > 1 && os.Args[1] == "member" {
		return member(ctx, os.Args[2:])
	}
	program := flag.String("sfcancel", "sfcancel", "program of cmd/sfcancel")
	addr := flag.String("addr", "127.0.0.1:19080", "address of the load balancer; port 0 picks a free port")
	step := flag.Duration("step", 4*time.Second, "time between two events")
	stay := flag.Bool("stay", false, "kill nothing, and serve until an interrupt")
	flag.Parse()
	return start(ctx, *program, *addr, *step, *stay)
}

func start(ctx context.Context, program, addr string, step time.Duration, stay bool) (err error) {
	// Listen first, so that an address in use fails before anything is started.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	dir, err := os.MkdirTemp("", "sfcancel-cluster-")
	if err != nil {
		return err
	}
	defer func() {
		if err == nil || ctx.Err() != nil { // after a failure the logs are kept
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	scenario := filepath.Join(dir, "scenario.json")
	if err := os.WriteFile(scenario, []byte(pace), 0o600); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	serve := []string{"--scenario", scenario}
	if stay {
		serve = nil
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx)) // Close ends the processes in order
	defer cancel()
	c, err := cluster.Start(running, cluster.Config{Dir: dir, Sfcancel: program, Serve: serve, Member: self})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()

	balancer, err := newBalancer(c.URLs)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: balancer, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	defer func() {
		err = errors.Join(err, srv.Close())
		if end := <-served; !errors.Is(end, http.ErrServerClosed) {
			err = errors.Join(err, end)
		}
	}()
	url := "http://" + listener.Addr().String()
	fmt.Printf("etcd     %v\nservers  %v\nlistening on %s\nlogs     %s\n\n", c.Endpoints, c.URLs, url, dir)
	if stay {
		<-ctx.Done()
		return nil
	}
	return demonstrate(ctx, c, url, step)
}

// pace is slow enough that cancels arrive in time, and fast enough to watch.
const pace = `{"default": {"lookUp": {"takes": "1s"}, "perform": {"takes": "1h"}, "undo": {"takes": "500ms"}}}`
