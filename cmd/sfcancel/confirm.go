package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/internal/gateways"
)

// errDeclined means that the user did not confirm.
var errDeclined = errors.New("not confirmed, and nothing was sent")

// danger is how much harm a command may do.
type danger int

const (
	mild  danger = iota // does not ask, unless the cluster is protected
	risky               // asks for a yes
	grave               // asks for the name of the cluster
)

// confirm asks the user whether to go on. Without a terminal to ask on, --yes is required.
func (c *connection) confirm(cmd *cobra.Command, d danger, what string) error {
	protected := c.protected()
	if protected != "" {
		d = grave
	}
	if d == mild || c.yes || c.dry {
		return nil
	}
	on := "cluster " + c.where()
	if protected != "" {
		on = "the protected cluster " + protected
	}
	console := consoleOf(cmd.Context())
	if console.prompt == nil {
		return usage(fmt.Errorf("%s on %s: this needs --yes, because there is no terminal to ask on", what, on))
	}
	wanted := "yes"
	fmt.Fprintf(console.prompt, "%s on %s?\n", what, on)
	if d == grave {
		wanted = c.shortName()
	}
	fmt.Fprintf(console.prompt, "Type %s to go on: ", wanted)
	answer, err := readLine(cmd.Context(), console)
	if err != nil || answer != wanted && (d == grave || answer != "y") {
		return errDeclined
	}
	return nil
}

// readLine reads a line from the user. It returns when ctx ends.
func readLine(ctx context.Context, c *console) (string, error) {
	type line struct {
		text string
		err  error
	}
	typed := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(c.in).ReadString('\n')
		typed <- line{strings.TrimSpace(text), err}
	}()
	select {
	case l := <-typed:
		return l.text, l.err
	case <-ctx.Done():
		fmt.Fprintln(c.prompt)
		return "", ctx.Err()
	}
}

// where names the cluster and its addresses.
func (c *connection) where() string {
	if c.cluster != "" {
		return c.cluster + " (" + strings.Join(c.endpoints, ", ") + ")"
	}
	return strings.Join(c.endpoints, ", ")
}

// shortName returns the text that the user types to confirm.
func (c *connection) shortName() string {
	if name := c.protected(); name != "" {
		return name
	}
	if c.cluster != "" {
		return c.cluster
	}
	return "yes"
}

// shortWhere returns the name of the cluster, or its first address.
func (c *connection) shortWhere() string {
	if c.cluster != "" {
		return c.cluster
	}
	return c.endpoints[0]
}

// protected returns the name of the protected cluster that the command targets, or "". It recognises a cluster by its
// name and by its addresses.
func (c *connection) protected() string {
	if c.settled == nil {
		return ""
	}
	if chosen := c.settled.cluster; chosen != nil && chosen.protected {
		return chosen.name
	}
	ours := addresses(c.endpoints)
	for _, name := range c.settled.file.names() {
		other := c.settled.file.clusters[name]
		if other.protected && sameCluster(ours, addresses(other.values["endpoints"])) {
			return name
		}
	}
	return ""
}

// addresses returns the addresses of gateways in canonical form, as in the ledger.
func addresses(endpoints []string) string {
	var set gateways.Set
	for _, endpoint := range endpoints {
		if set.Add(endpoint) != nil { // the client reports the error
			return ""
		}
	}
	return set.Cluster()
}

// sameCluster reports whether two names in a ledger denote the same cluster: they are equal, or share an address.
func sameCluster(a, b string) bool {
	if a == b || !strings.Contains(a, "://") || !strings.Contains(b, "://") {
		return a == b && a != ""
	}
	for _, address := range strings.Fields(a) {
		if strings.Contains(" "+b+" ", " "+address+" ") {
			return true
		}
	}
	return false
}

// inLedger returns the name of the cluster in the ledger.
func (c *connection) inLedger() string {
	if c.cluster != "" {
		return c.cluster
	}
	return addresses(c.endpoints)
}
