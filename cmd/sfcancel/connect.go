package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/generated"
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

	notes *notes // of a command that changes something
}

func (c *connection) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&c.endpoints, "endpoint", []string{"http://localhost:19080"}, "address of the cluster's gateway; several with commas between them, or repeated, for one to fail over to; a comma in a path is %2C")
	f.StringVar(&c.cluster, "cluster", "", "name of the cluster, for the ledger: a cancel counts as evidence for a force of the same cluster alone (default its endpoints)")
	version := parameter("api-version")
	f.StringVar(&c.apiVersion, "api-version", version.Default, "api-version of the requests; "+enumerate(version.Enum, "and")+" are documented")
	complete(cmd, "api-version", version.Enum)
	f.DurationVar(&c.limit, "timeout", 30*time.Second, "time limit of the whole command")
	f.StringVar(&c.tls.CertFile, "cert", "", "client certificate, as PEM; needs --key and an endpoint that begins with https://")
	f.StringVar(&c.tls.KeyFile, "key", "", "its key, as PEM")
	f.StringVar(&c.tls.CAFile, "ca", "", "certificates that the server's has to come from, as PEM (default those of the system)")
	f.StringSliceVar(&c.tls.ServerThumbprints, "server-thumbprint", nil, "thumbprint of the server's certificate, instead of --ca and its host name; several with commas between them, or repeated")
	f.StringArrayVar(&c.tls.ServerCommonNames, "server-common-name", nil, "common name of the server's certificate, instead of its host name; repeated for several, as a name may have commas")
	f.StringVarP(&c.output, "output", "o", "table", "table or json")
}

// changes adds the flags of a command that changes something: what the server may take for it,
// and what the ledger hears of it.
func (c *connection) changes(cmd *cobra.Command) {
	c.notes = new(notes)
	c.notes.flags(cmd)
	f := cmd.Flags()
	timeout := parameter("timeout")
	f.DurationVar(&c.server, "server-timeout", 0, "time the server may take for each request, "+seconds(timeout)+
		"; from api-version "+timeout.Since+" on (default what is left, "+timeout.Default+"s at most)")
	f.StringVar(&c.notes.reason, "reason", "", "why, in your words, for the ledger")
	f.StringVar(&c.notes.by, "by", "", "who you are, for the ledger, where USER@HOST says too little (default USER@HOST)")
}

// limitDefault changes the time limit of a command that waits.
func (c *connection) limitDefault(cmd *cobra.Command, d time.Duration) {
	c.limit = d
	flag := cmd.Flags().Lookup("timeout")
	flag.DefValue = d.String()
}

// open checks the flags and returns a client and the context of the command.
func (c *connection) open(cmd *cobra.Command) (context.Context, context.CancelFunc, *wrapper.Client, error) {
	if c.output != "table" && c.output != "json" {
		return nil, nil, nil, usage(fmt.Errorf("--output %q: it must be table or json", c.output))
	}
	if c.limit <= 0 {
		return nil, nil, nil, usage(fmt.Errorf("--timeout %v: it must be more than 0", c.limit))
	}
	if len(c.endpoints) == 0 {
		return nil, nil, nil, usage(errors.New("--endpoint: it must name an address"))
	}
	options := []wrapper.Option{wrapper.WithAPIVersion(generated.APIVersion(c.apiVersion)), wrapper.WithEndpoints(c.endpoints[1:]...)}
	if cmd.Flags().Changed("cluster") {
		options = append(options, wrapper.WithCluster(c.cluster))
	}
	for _, flag := range []string{"cert", "key", "ca", "server-thumbprint", "server-common-name"} {
		if cmd.Flags().Changed(flag) {
			options = append(options, wrapper.WithTLS(c.tls))
			break
		}
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), c.limit)
	closeNotes := func() {}
	if c.notes != nil {
		option, done, err := c.notes.open(ctx, cmd)
		if err != nil {
			cancel()
			return nil, nil, nil, err
		}
		options, closeNotes = append(options, option), done
	}
	client, err := wrapper.New(c.endpoints[0], options...)
	if err != nil {
		closeNotes()
		cancel()
		return nil, nil, nil, err
	}
	return ctx, func() { client.Close(); closeNotes(); cancel() }, client, nil
}

// onOperation makes a call about the operation that the only argument names.
func (c *connection) onOperation(cmd *cobra.Command, args []string, call func(context.Context, *wrapper.Client, uuid.UUID) error) error {
	id, err := parseID(args[0])
	if err != nil {
		return err
	}
	ctx, done, client, err := c.open(cmd)
	if err != nil {
		return err
	}
	defer done()
	return call(ctx, client, id)
}

// parseID takes the one form the API takes: 36 characters with hyphens.
func parseID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		return uuid.UUID{}, usage(fmt.Errorf("%q is not an operation id: it must be a GUID like 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01", text))
	}
	return id, nil
}
