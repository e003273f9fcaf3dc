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

// errDeclined is a question that was answered with no.
var errDeclined = errors.New("not confirmed, and nothing was sent")

// danger is how much a command may harm.
type danger int

const (
	mild  danger = iota // unless the cluster is protected
	risky               // it asks for a yes
	grave               // it asks for the name of the cluster
)

// confirm asks whether a command may go on. Where nobody can be asked it needs --yes.
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
		return usage(fmt.Errorf("%s on %s: that needs --yes where nobody can be asked", what, on))
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

// readLine reads what somebody types. The end of the command ends it.
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

// where names the cluster for people.
func (c *connection) where() string {
	if c.cluster != "" {
		return c.cluster + " (" + strings.Join(c.endpoints, ", ") + ")"
	}
	return strings.Join(c.endpoints, ", ")
}

// shortName is what is typed to confirm.
func (c *connection) shortName() string {
	if name := c.protected(); name != "" {
		return name
	}
	if c.cluster != "" {
		return c.cluster
	}
	return "yes"
}

// shortWhere names the cluster in a word.
func (c *connection) shortWhere() string {
	if c.cluster != "" {
		return c.cluster
	}
	return c.endpoints[0]
}

// protected is the name of the protected cluster that the command is about, "" for none. One is recognised by
// its addresses, too.
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

// addresses are those of gateways in normal form, as the ledger has them.
func addresses(endpoints []string) string {
	var set gateways.Set
	for _, endpoint := range endpoints {
		if set.Add(endpoint) != nil { // the client says so
			return ""
		}
	}
	return set.Cluster()
}

// sameCluster reports that two names of clusters in a ledger are of one: they are the same, or share an address.
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

// inLedger is what the ledger calls the cluster.
func (c *connection) inLedger() string {
	if c.cluster != "" {
		return c.cluster
	}
	return addresses(c.endpoints)
}
