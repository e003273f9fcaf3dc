package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/openapi"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	addr, profile, version, store  string
	seed, scenario, availability   string
	freeze                         bool
	speed                          float64
	certFile, keyFile, clientCA    string
	admins, users                  []string
	adminList, userList            string
	hosts, origins                 []string
	logFormat, logLevel            string
	adminAddr                      string
	control                        bool
	roles, insecure                bool
	document                       string
	backup                         backup
	versionGiven, availableIsGiven bool
}

func newServe() *cobra.Command {
	var s serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve a reference cluster, where nothing is harmed",
		Long: `Serve the fault operations of a reference cluster. Operations go through their
steps by the clock, and change nothing but themselves and the nodes that they
stop.

The first line of standard output is "listening on http://HOST:PORT" (https with
TLS), once the socket accepts. Requests are logged on standard error. SIGINT or
SIGTERM lets requests under way finish, for 10 s at most, and exits with 0; a
second signal ends the server at once.

Stores: "memory" loses everything when the server ends. "bolt:PATH" is a file, and
loses nothing that was answered, however the process ends. --backup copies the file
at the start and then periodically, each time completely or not at all. A copy is a
store like any other; a name that ends in ".new-" and a number is an incomplete copy,
left by a process that was killed. "etcd://HOST:PORT[,HOST:PORT...]/PREFIX" is in
etcd, and all servers on the same prefix act as one; etcds:// is TLS, with
?ca=FILE&cert=FILE&key=FILE, and USER@ before the first host goes with
?password-file=FILE.

Seed: Without --seed, every service and node exists. A seed file lists the
services, nodes and operations, and is planted once, into an empty store. Its other
members, such as fabricVersion, service, config and clusterId, apply whenever the
server is started with the file, unless flags override them. It is JSON:

  {"operations": [{"id": "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01",
    "kind": "PartitionRestart", "step": "LookingUpState",
    "rollback": "NotRollingBack"}],
   "nodes": [{"name": "_Node_0", "instance": "5", "status": "Up"}]}

Scenario: An operation looks up its target for 2 s, acts for 30 s, and takes 4 s
a step to undo. A scenario file changes these times, and makes steps fail:

  {"default": {"lookUp": {"takes": "10s"}},
   "rules": [{"service": "fabric:/shop/orders",
     "perform": {"fails": 3, "code": "FABRIC_E_TIMEOUT"}}]}

--speed 10 runs the engine's clock ten times as fast; --freeze stops it. "go doc"
of package emulator, ParseSeed and ParseScenarios, lists all members of both files.

Document: --document /openapi serves the OpenAPI document at that path, in full and for
each api-version, in YAML and in JSON: GET it for the names of the files.

For operators: the log has a line for each request, with the client, the address and the
request id, and force=true for a force. --admin-addr serves, at a loopback address,
/healthz, /readyz, which is 503 while the store cannot be written or the server shuts
down, and /metrics for Prometheus. The second line of standard output is then "admin on
http://HOST:PORT". --control adds /control/ there: tests in any language can plant
operations, reset, move the clock, change scenarios and availability, and inject faults
on the wire:

  curl -d '{"advance": "10m"}' http://127.0.0.1:19081/control/clock
  curl -d '{"call": "Force", "fault": "dropAfter"}' http://127.0.0.1:19081/control/faults

Access: Without --tls-cert every client is an admin, so only a loopback address is
served. --tls-cert and --tls-key add TLS 1.2 or later. --admin and --user name the
client certificates that are accepted, by thumbprint or, with --client-ca, by common
name. Each takes one name, because a name may have commas, and may be repeated. All
of them are admins unless --roles is set: users may then only read. --admin-list and
--user-list name files with more of them, one per line; lines that begin with # are
comments. Certificates, authorities and lists are reloaded when they change: a client
that was removed from a list is refused from its next request on. RSA keys below 2048
bits and signatures with SHA-1 are refused.

Pages of other web sites cannot make a browser cancel or start anything, unless
--origin names the site. A loopback address without client certificates accepts
requests only for the hosts localhost, loopback addresses and each --host.`,
		Example: `  sfcancel serve --store bolt:faults.db --backup /var/backups/faults
  sfcancel serve --store etcd://10.0.0.1:2379,10.0.0.2:2379,10.0.0.3:2379/faults
  sfcancel serve --seed given.json --freeze --profile runtime
  sfcancel serve --addr :19080 --tls-cert server.pem --tls-key server.key \
    --client-ca ca.pem --admin ops.example.com --user audit.example.com --roles`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := noneEmpty(cmd.Flags()); err != nil {
				return usage(err)
			}
			s.versionGiven = cmd.Flags().Changed("runtime-version")
			s.availableIsGiven = cmd.Flags().Changed("availability")
			if err := s.checkBeside(); err != nil {
				return usage(err)
			}
			if err := s.backup.check(cmd.Flags().Changed("backup-every"), s.store); err != nil {
				return usage(err)
			}
			logger, err := newLogger(cmd.ErrOrStderr(), s.logFormat, s.logLevel)
			if err != nil {
				return usage(err)
			}
			return s.run(cmd.Context(), logger, func(what, url string) { fmt.Fprintf(cmd.OutOrStdout(), "%s on %s\n", what, url) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.addr, "addr", "127.0.0.1:19080", "address to listen on; port 0 picks a free port")
	f.StringVar(&s.profile, "profile", server.Documented.String(), "which to follow where the documents and the runtime disagree: documented or runtime")
	f.StringVar(&s.version, "runtime-version", "8.2", "version of the runtime to emulate: the newest api-version that is accepted")
	f.StringVar(&s.store, "store", "memory", "where operations are kept: memory, bolt:PATH or etcd://HOST:PORT[,HOST:PORT...]/PREFIX")
	f.StringVar(&s.backup.dir, "backup", "", "directory for copies of the bolt store; nothing there is ever replaced or removed")
	f.DurationVar(&s.backup.every, "backup-every", time.Hour, "time between two copies")
	f.StringVar(&s.seed, "seed", "", "file with the initial services, nodes and operations")
	f.StringVar(&s.scenario, "scenario", "", "file with the times and failures of steps")
	f.BoolVar(&s.freeze, "freeze", false, "stop the engine's clock")
	f.Float64Var(&s.speed, "speed", 1, "speed of the engine's clock, where 1 is real time")
	f.StringVar(&s.availability, "availability", string(emulator.Ready), "condition of the fault service: "+availabilities())
	f.StringVar(&s.document, "document", "", "path to serve the OpenAPI document at, such as /openapi (default none)")
	f.StringVar(&s.certFile, "tls-cert", "", "file with the server certificate and its intermediate certificates")
	f.StringVar(&s.keyFile, "tls-key", "", "file with the key of the server certificate")
	f.StringVar(&s.clientCA, "client-ca", "", "CA bundle used to verify client certificates")
	f.StringArrayVar(&s.admins, "admin", nil, "thumbprint or common name of a client certificate that may do everything; repeat the flag for several")
	f.StringArrayVar(&s.users, "user", nil, "thumbprint or common name of a client certificate that may read; repeat the flag for several")
	f.StringVar(&s.adminList, "admin-list", "", "file with more values of --admin, one per line")
	f.StringVar(&s.userList, "user-list", "", "file with more values of --user, one per line")
	f.StringArrayVar(&s.hosts, "host", nil, "host besides localhost that requests to a loopback address may name; repeat the flag for several")
	f.StringArrayVar(&s.origins, "origin", nil, "web site whose pages may cancel and start, as SCHEME://HOST[:PORT]; repeat the flag for several")
	f.StringVar(&s.adminAddr, "admin-addr", "", "loopback address for /healthz, /readyz and /metrics (default none)")
	f.BoolVar(&s.control, "control", false, "let tests control the server at --admin-addr while it runs")
	f.StringVar(&s.logFormat, "log-format", "text", "format of the log: text or json")
	f.StringVar(&s.logLevel, "log-level", "info", "lowest level to log: debug, info, warn or error")
	f.BoolVar(&s.roles, "roles", false, "tell admins and users apart")
	f.BoolVar(&s.insecure, "insecure", false, "allow an address that others can reach, without TLS and client certificates")
	return cmd
}

// run serves until ctx ends. It reports the addresses once the sockets accept.
func (s serveFlags) run(ctx context.Context, logger *slog.Logger, report func(what, url string)) (err error) {
	profile, err := server.ParseProfile(s.profile)
	if err != nil {
		return usage(err)
	}
	security, err := s.security(logger)
	if err != nil {
		return usage(err)
	}
	plan, err := s.plan(security != nil && s.named())
	if err != nil {
		return usage(err)
	}
	// Listen first, so that an address in use leaves no file behind.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("another process listens at %s: --addr 127.0.0.1:0 picks a free port: %w", s.addr, syscall.EADDRINUSE)
	}
	if err != nil {
		return err
	}
	defer listener.Close()
	beside, err := s.listenBeside(ctx)
	if err != nil {
		return err
	}
	if beside.listener != nil {
		defer beside.listener.Close()
	}
	st, err := openStore(ctx, s.store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	// If a copy cannot be made now, later ones would fail too.
	if err := s.backup.once(ctx, st, s.store, logger); err != nil {
		return fmt.Errorf("--backup: %w", err)
	}

	measured := beside.measured(st)
	control, err := s.controlled(ctx, measured, plan)
	if err != nil {
		return err
	}
	defer control.Close()
	clock := control.Now
	engine := emulator.New(measured, emulator.WithProfile(profile), emulator.WithClock(clock),
		emulator.WithSettings(plan.seed.Settings), emulator.WithScenario(control.Scenario), emulator.WithSharedLists(),
		emulator.WithReport(func(err error) { logger.Warn("sweep: " + err.Error()) }))
	control.Of(engine)
	if s.seed != "" {
		err := engine.Plant(ctx, plan.seed)
		if errors.Is(err, emulator.ErrPlanted) {
			err = fmt.Errorf("%s was planted with another seed, or used without one: use a new store, or leave out --seed", s.store)
		}
		if err != nil {
			return fmt.Errorf("--seed %s: %w", s.seed, err)
		}
	}

	options := []server.Option{
		server.WithProfile(profile), server.WithRuntimeVersion(plan.version), server.WithLogger(logger),
		server.WithLimits(server.Limits{Requests: engine.Settings().ConcurrentRequests}),
		server.WithHosts(s.hosts...), server.WithOrigins(s.origins...),
	}
	if id := plan.seed.ClusterID; id != "" {
		options = append(options, server.WithClusterID(id))
	}
	if security != nil && s.named() {
		options = append(options, server.WithCurrentClientCertificates(security.current))
	}
	if s.document != "" {
		files, err := openapi.Files()
		if err != nil {
			return err
		}
		options = append(options, server.WithDocument(s.document, files))
	}
	if beside.listener != nil {
		options = append(options, server.WithTrace(beside.metrics.Trace))
	}
	handler, err := server.New(engine, options...)
	if err != nil {
		return usage(err)
	}
	control.Replicas(func(st store.Store, now func() time.Time) (http.Handler, error) {
		return server.New(emulator.New(st, emulator.WithProfile(profile), emulator.WithClock(now),
			emulator.WithSettings(plan.seed.Settings), emulator.WithScenario(control.Scenario)), options...)
	})
	srv, scheme := server.NewHTTPServer(s.spoiled(control, handler), logger), "http"
	listener = s.reached(control, listener, srv)
	if security != nil {
		srv.TLSConfig, scheme = security.config(), "https"
	}
	s.log(logger, plan, security)
	defer heedHangups(ctx, logger, security)()
	var copying sync.WaitGroup
	defer copying.Wait()
	copyCtx, stopCopying := context.WithCancel(ctx)
	defer stopCopying()
	copying.Go(func() { s.backup.run(copyCtx, st, s.store, logger) })
	report("listening", scheme+"://"+listener.Addr().String())
	if beside.listener != nil {
		beside.metrics.Queue(handler.Load)
		following, stopFollowing := context.WithCancel(ctx)
		copying.Go(func() { beside.metrics.Follow(following, engine, st) })
		defer stopFollowing()
		defer beside.serve(ctx, logger, st, s.controls(control))()
		report("admin", beside.url())
	}
	return logLost(logger, serve(ctx, srv, listener, engine, clock, drainTime))
}

// drainTime limits how long a shutdown waits for requests under way.
const drainTime = 10 * time.Second

// lookEvery is how often the engine's clock is checked for a clean-up. That clock may run faster
// than real time, or stand still.
const lookEvery = time.Second

// serve runs until ctx ends, and returns when everything it started has ended. Requests that
// are still under way after atMost are cut off, without an error: a client that never sends
// its body is not a failure of the server.
func serve(ctx context.Context, srv *http.Server, listener net.Listener, engine *emulator.Emulator, clock func() time.Time, atMost time.Duration) error {
	working, stop := context.WithCancel(ctx)
	ran := make(chan struct{})
	lost := make(chan error, 1)
	go func() {
		defer close(ran)
		// Run reports other failures itself; only a closed store ends it.
		lost <- lostBy(engine.Run(working))
	}()
	defer func() { stop(); <-ran }()
	served := make(chan error, 1)
	go func() {
		if srv.TLSConfig != nil {
			served <- srv.ServeTLS(listener, "", "")
			return
		}
		served <- srv.Serve(listener)
	}()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	cleanUp := clock().Add(engine.Settings().StoredActionCleanupInterval)
	for {
		select {
		case err := <-served:
			return err
		case err := <-lost:
			if err != nil {
				return abandon(srv, err)
			}
		case <-tick.C:
			now := clock()
			if now.Before(cleanUp) {
				continue
			}
			cleanUp = now.Add(engine.Settings().StoredActionCleanupInterval)
			if err := engine.CleanUp(ctx); err != nil && ctx.Err() == nil {
				srv.ErrorLog.Printf("clean-up: %v", err)
			}
		case <-ctx.Done():
			drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), atMost)
			defer cancel()
			err := srv.Shutdown(drain)
			if errors.Is(err, context.DeadlineExceeded) {
				srv.ErrorLog.Printf("requests that were still under way after %v were cut off", atMost)
				err = srv.Close()
			}
			if served := <-served; !errors.Is(served, http.ErrServerClosed) {
				err = errors.Join(err, served)
			}
			return err
		}
	}
}
