package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/certfiles"
	"github.com/sfcancel/sfcancel/wrapper"
)

// connection is the flags of every command that talks to a cluster.
type connection struct {
	endpoints  []string
	apiVersion string
	limit      time.Duration
	server     time.Duration
	cluster    string
	output     string
	tls        wrapper.TLS
	token      string
	proxy      string
	debug      bool
	quiet      bool
	yes, dry   bool
	ledger     string        // of a command that only reads it
	grace      time.Duration // of a force

	settled *settled // the sources of the flags
	notes   *notes   // of a command that changes something
}

// flags adds the flags of a connection and of output. Before the command runs, flags that are left out take their values
// from the environment and the configuration.
func (c *connection) flags(cmd *cobra.Command) {
	c.saved(cmd)
	f := cmd.Flags()
	f.StringVar(&c.cluster, "cluster", "", "name of the cluster: one of \"sfcancel config\", or with --endpoint a name for the ledger, where a cancel is evidence only for a force on the same cluster (default the current one, or the endpoints)")
	_ = cmd.RegisterFlagCompletionFunc("cluster", completeClusters)
	outputFlag(cmd, &c.output)
	f.BoolVarP(&c.quiet, "quiet", "q", false, "print only ids, and no progress")
	f.BoolVar(&c.debug, "debug", false, "show requests and answers on standard error, without credentials")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) (err error) {
		c.settled, err = settle(cmd)
		return err
	}
}

// saved adds the flags that a configuration may hold.
func (c *connection) saved(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&c.endpoints, "endpoint", []string{"http://localhost:19080"}, "address of the cluster's gateway; for failover name several, separated by commas or with the flag repeated; write a comma in a path as %2C")
	version := parameter("api-version")
	f.StringVar(&c.apiVersion, "api-version", version.Default, "api-version of the requests; "+enumerate(version.Enum, "and")+" are documented")
	complete(cmd, "api-version", version.Enum)
	durationVar(f, &c.limit, "timeout", 30*time.Second, "time limit of the whole command")
	f.StringVar(&c.tls.CertFile, "cert", "", "client certificate, as PEM; needs --key and an endpoint that begins with https://")
	f.StringVar(&c.tls.KeyFile, "key", "", "key of the client certificate, as PEM")
	f.StringVar(&c.tls.CAFile, "ca", "", "CA bundle used to verify the server certificate, as PEM (default the system's)")
	f.StringSliceVar(&c.tls.ServerThumbprints, "server-thumbprint", nil, "thumbprint to verify the server certificate by, instead of --ca and the host name; several separated by commas, or repeat the flag")
	f.StringArrayVar(&c.tls.ServerCommonNames, "server-common-name", nil, "common name to verify the server certificate by, instead of the host name; repeat the flag for several, because a name may have commas")
	f.StringVar(&c.token, "token-command", "", "command that writes a bearer token, run without a shell for 30s at most, such as 'az account get-access-token --query accessToken -o tsv'")
	f.StringVar(&c.proxy, "proxy", "", "proxy to the cluster, as http://HOST:PORT; empty for none (default from HTTPS_PROXY, HTTP_PROXY and NO_PROXY)")
}

// changes adds the flags of a command that changes something: for the requests, the ledger and the
// confirmation.
func (c *connection) changes(cmd *cobra.Command) {
	c.notes = new(notes)
	c.notes.flags(cmd)
	f := cmd.Flags()
	timeout := parameter("timeout")
	durationVar(f, &c.server, "server-timeout", 0, "time the server may take for each request, "+seconds(timeout)+
		"; from api-version "+timeout.Since+" on (default the time left, "+timeout.Default+"s at most)")
	f.StringVar(&c.notes.reason, "reason", "", "why you do this, for the ledger")
	f.StringVar(&c.notes.by, "by", "", "who you are, for the ledger (default USER@HOST)")
	f.BoolVarP(&c.yes, "yes", "y", false, "do not ask for confirmation")
	f.BoolVar(&c.dry, "dry-run", false, "show what would be sent and what the policy says, and change nothing")
}

// limitDefault changes the time limit of a command that waits.
func (c *connection) limitDefault(cmd *cobra.Command, d time.Duration) {
	c.limit = d
	flag := cmd.Flags().Lookup("timeout")
	flag.DefValue = d.String()
}

// open checks the flags and returns a client and the context of the command.
func (c *connection) open(cmd *cobra.Command) (context.Context, context.CancelFunc, *wrapper.Client, error) {
	if err := checkOutput(c.output); err != nil {
		return nil, nil, nil, err
	}
	if c.limit <= 0 {
		return nil, nil, nil, usage(fmt.Errorf("--timeout %v: it must be more than 0", c.limit))
	}
	if len(c.endpoints) == 0 {
		return nil, nil, nil, usage(errors.New("--endpoint: it must name an address"))
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), c.limit)
	ctx, end := context.WithCancelCause(ctx)
	closeNotes := func() {}
	done := func() { end(nil); closeNotes(); cancel() }
	options, err := c.options(ctx, cmd, end)
	if err == nil && c.notes != nil {
		var option wrapper.Option
		if option, closeNotes, err = c.notes.open(ctx, cmd, c.dry); err != nil {
			closeNotes = func() {}
		}
		options = append(options, option)
	}
	if err != nil {
		done()
		return nil, nil, nil, err
	}
	client, err := wrapper.New(c.endpoints[0], options...)
	if err != nil {
		done()
		return nil, nil, nil, err
	}
	return ctx, func() { client.Close(); done() }, client, nil
}

// options returns the options of the client, except for the ledger.
func (c *connection) options(ctx context.Context, cmd *cobra.Command, end context.CancelCauseFunc) ([]wrapper.Option, error) {
	options := []wrapper.Option{wrapper.WithAPIVersion(generated.APIVersion(c.apiVersion)), wrapper.WithEndpoints(c.endpoints[1:]...), wrapper.WithObserver(tellWhoHears)}
	if cmd.Flags().Changed("cluster") {
		options = append(options, wrapper.WithCluster(c.cluster))
	}
	var tokens *tokenCommand
	if c.token != "" {
		var err error
		if tokens, err = newTokenCommand(c.token, cmd.ErrOrStderr()); err != nil {
			return nil, usage(err)
		}
		options = append(options, wrapper.WithTokenSource(tokens.Token))
	}
	if err := c.checkFiles(); err != nil {
		return nil, err
	}
	find, err := proxyFor(c.proxy, cmd.Flags().Changed("proxy"))
	if err != nil {
		return nil, err
	}
	through, err := c.throughProxy(find)
	if err != nil {
		return nil, err
	}
	options = append(options, through)
	if c.secured(cmd) {
		options = append(options, wrapper.WithTLS(c.tls))
	}
	if tokens != nil { // before the time limit of the first connection begins
		if _, err := tokens.Token(ctx, ""); err != nil {
			return nil, err
		}
	}
	w := &way{stderr: cmd.ErrOrStderr(), quiet: c.quiet, debug: c.debug, blank: tokens.blank, end: end}
	w.watch(ctx, !cmd.Flags().Changed("timeout"))
	if c.dry {
		options = append(options, wrapper.WithAttemptMiddleware(holdBack))
	}
	return append(options, wrapper.WithAttemptMiddleware(w.around)), nil
}

// checkFiles reads the certificate files as the client will, so that errors name the flags.
func (c *connection) checkFiles() error {
	if (c.tls.CertFile == "") != (c.tls.KeyFile == "") {
		return usage(errors.New("--cert and --key go together: give both or neither"))
	}
	_, err := certfiles.Watch(certfiles.Files{
		Cert: c.tls.CertFile, Key: c.tls.KeyFile, CA: c.tls.CAFile,
		Names: certfiles.Names{Cert: "--cert", Key: "--key", CA: "--ca", Peer: "server"},
	}, func(*certfiles.Material) error { return nil }, func(context.Context, error) {})
	if err != nil {
		return usage(err)
	}
	return nil
}

// secured reports whether a certificate flag is set.
func (c *connection) secured(cmd *cobra.Command) bool {
	return slices.ContainsFunc([]string{"cert", "key", "ca", "server-thumbprint", "server-common-name"}, cmd.Flags().Changed)
}

// parseID accepts only the form that the API accepts: 36 characters with hyphens.
func parseID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		return uuid.UUID{}, usage(fmt.Errorf("%q is not an operation id: it must be a GUID like 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01", text))
	}
	return id, nil
}
