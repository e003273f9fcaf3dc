package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/wrapper"
)

// findingJSON is the result of one check.
type findingJSON struct {
	Check  string `json:"check"`
	Result string `json:"result"` // ok, warn or fail
	Says   string `json:"says"`
	Next   string `json:"next,omitempty"`
}

// errUnhealthy means that a check failed.
var errUnhealthy = errors.New("a check failed")

// doctor checks everything that a connection needs.
type doctor struct {
	*connection
	cmd    *cobra.Command
	checks []findingJSON
}

const (
	doctorTime  = 3 * time.Second // for each connection
	clockOff    = 30 * time.Second
	almostEnded = 14 * 24 * time.Hour // before a certificate expires
)

func newDoctor() *cobra.Command {
	var conn connection
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check everything that a connection needs, and say what to do",
		Long: `Check everything that a connection needs: configuration, address, port, TLS, certificates,
token, answers of the API, clock and ledger. Each check is a line, with what to do if it is not
ok. Nothing is changed. The exit code is 1 if a check failed.`,
		Example: `  sfcancel doctor
  sfcancel doctor --cluster prod -o json`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(conn.output); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), conn.limit)
			defer cancel()
			d := &doctor{connection: &conn, cmd: cmd}
			d.look(ctx)
			return d.print()
		},
	}
	conn.flags(cmd)
	conn.reads(cmd)
	return cmd
}

func (d *doctor) say(check, result, next, format string, args ...any) {
	d.checks = append(d.checks, findingJSON{check, result, plain.Text(fmt.Sprintf(format, args...)), plain.Text(next)})
}

func (d *doctor) look(ctx context.Context) {
	d.configuration()
	reached := false
	for _, endpoint := range d.endpoints {
		reached = d.address(ctx, endpoint) || reached
	}
	d.certificate()
	d.tokens(ctx)
	d.api(reached)
	d.theLedger(ctx)
}

func (d *doctor) configuration() {
	switch s := d.settled; {
	case s.cluster != nil:
		d.say("config", "ok", "", "cluster %s of %s (%s)", s.cluster.name, s.file.path, s.chosen)
	case len(s.file.clusters) == 0:
		d.say("config", "ok", "sfcancel config set-cluster adds a cluster", "there are no clusters in %s", s.file.path)
	default:
		d.say("config", "ok", "sfcancel config use chooses one", "no cluster of %s is used", s.file.path)
	}
}

// address checks a gateway up to its certificate, and reports whether it accepts connections.
func (d *doctor) address(ctx context.Context, endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		d.say("address", "fail", "write it as https://HOST:19080", "%s is not an address", endpoint)
		return false
	}
	if u.Port() == nativePort {
		d.say("port", "fail", "the HTTP gateway is usually at 19080", "%s is the port of the native protocol", nativePort)
	}
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	found, err := net.DefaultResolver.LookupHost(ctx, u.Hostname())
	if err != nil {
		d.say("name", "fail", "check --endpoint and the network", "%s cannot be resolved", u.Hostname())
		return false
	}
	d.say("name", "ok", "", "%s is %s", u.Hostname(), strings.Join(found, ", "))
	conn, err := dialer.DialContext(ctx, "tcp", address(u))
	if err != nil {
		d.say("connection", "fail", "is the cluster up, and the port right?", "%s: %v", u.Host, innermost(err))
		return false
	}
	defer conn.Close()
	d.say("connection", "ok", "", "%s accepts connections", u.Host)
	d.speaks(ctx, conn, u)
	return true
}

// dialer makes the connections that address checks.
var dialer = &net.Dialer{Timeout: 10 * time.Second}

// address returns the host and port to dial for a URL.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		if port = "80"; u.Scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// speaks checks whether a server speaks TLS, and its certificate.
func (d *doctor) speaks(ctx context.Context, conn net.Conn, u *url.URL) {
	// This handshake only shows the certificate; the client verifies it in api.
	peer := tls.Client(conn, &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}) //nolint:gosec // nothing is sent
	err := peer.HandshakeContext(ctx)
	shown := peer.ConnectionState().PeerCertificates
	var alert *net.OpError
	switch secure := err == nil || len(shown) > 0 || errors.As(err, &alert) && alert.Op == "remote error"; {
	case secure && u.Scheme == "http":
		d.say("scheme", "fail", "use https://", "%s speaks TLS, but the address begins with http://", u.Host)
	case !secure && u.Scheme == "https":
		d.say("scheme", "fail", "use http://", "%s does not speak TLS, but the address begins with https://", u.Host)
	case !secure:
		d.say("scheme", "warn", "use TLS and certificates outside of tests", "%s speaks plain HTTP", u.Host)
	default:
		d.say("scheme", "ok", "", "%s speaks TLS", u.Host)
	}
	if len(shown) > 0 {
		d.dates("server", shown[0], "renew it on the cluster")
	}
}

// dates reports the names and the expiry of a certificate.
func (d *doctor) dates(whose string, c *x509.Certificate, next string) {
	left := time.Until(c.NotAfter)
	result := "ok"
	switch {
	case left < 0 || time.Until(c.NotBefore) > 0:
		result = "fail"
	case left < almostEnded:
		result = "warn"
	default:
		next = ""
	}
	names := append([]string{plain.Line(c.Subject.CommonName)}, c.DNSNames[:min(len(c.DNSNames), 3)]...)
	d.say(whose+" certificate", result, next, "%s, valid until %s, %d days", strings.Join(names, ", "), c.NotAfter.UTC().Format(time.DateOnly), left/(24*time.Hour))
}

func (d *doctor) certificate() {
	if d.tls.CertFile == "" {
		return
	}
	if err := d.checkFiles(); err != nil {
		d.fail("client certificate", d.explain(d.cmd, nil, uuid.UUID{}, err))
		return
	}
	content, err := os.ReadFile(d.tls.CertFile)
	if block, _ := pem.Decode(content); err == nil && block != nil {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			d.dates("client", c, "get a new one")
		}
	}
}

func (d *doctor) tokens(ctx context.Context) {
	if d.token == "" {
		return
	}
	command, err := newTokenCommand(d.token, d.cmd.ErrOrStderr())
	if err != nil {
		d.fail("token", err)
		return
	}
	token, err := command.Token(ctx, "")
	if err != nil {
		d.fail("token", d.explain(d.cmd, nil, uuid.UUID{}, err))
		return
	}
	if end := endOf(token); !end.IsZero() {
		d.say("token", "ok", "", "it expires in %v", time.Until(end).Round(time.Minute))
		return
	}
	d.say("token", "ok", "", "it does not say when it expires")
}

func (d *doctor) fail(check string, err error) {
	var told *explained
	if errors.As(err, &told) {
		d.say(check, "fail", told.next, "%s", told.sentence)
		return
	}
	d.say(check, "fail", "", "%v", err)
}

// api lists operations, which every role may do, with the client that the other commands use.
func (d *doctor) api(reached bool) {
	if !reached {
		return
	}
	c := *d.connection
	c.notes, c.quiet = nil, true
	var attempts []wrapper.Attempt
	err := c.with(d.cmd, func(ctx context.Context, client *wrapper.Client) error {
		ops, err := client.Operations(wrapper.PerCall(ctx, wrapper.CallOptions{Attempts: &attempts}))
		if err == nil {
			d.say("api", "ok", "", "api-version %s is accepted; the cluster remembers %s", c.apiVersion, counted(len(ops)))
			d.role()
		}
		return err
	})
	if err != nil {
		d.fail("api", err)
	}
	for _, a := range attempts {
		at, err := http.ParseTime(a.Header.Get("Date"))
		if err != nil {
			continue
		}
		off := a.Start.Add(a.Duration).Sub(at).Round(time.Second)
		if off.Abs() > clockOff {
			d.say("clock", "warn", "correct one of them: graces and certificates depend on it", "the clock of this machine differs from the cluster's by %v", off)
			return
		}
		d.say("clock", "ok", "", "as on the cluster")
		return
	}
}

// role reports the role of this client. No read shows it, because every role may read. A cancel of an unknown operation
// does: the cluster checks the role before it looks for the operation.
func (d *doctor) role() {
	secure := d.token != ""
	for _, endpoint := range d.endpoints {
		secure = secure || strings.HasPrefix(endpoint, "https:")
	}
	if !secure {
		d.say("role", "ok", "", "admin: without certificates every client may do everything")
		return
	}
	d.say("role", "ok", fmt.Sprintf("sfcancel cancel %v, an unknown operation, ends with exit code %d for an admin and %d for a user", uuid.New(), exitNotFound, exitRefused),
		"reads are allowed; only a write shows whether writes are")
}

func (d *doctor) theLedger(ctx context.Context) {
	n := &notes{name: d.ledger}
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	l, err := n.find(ctx, d.cmd)
	switch {
	case err == nil && l == nil:
		d.say("ledger", "warn", "name one with --ledger", "none: a force has to find its evidence on the cluster")
		return
	case err == nil:
		defer l.end()
		_, err = l.Entries(ctx, uuid.New())
	}
	if err != nil {
		d.say("ledger", "fail", "graceful cancels go out without it, forces do not", "%v", err)
		return
	}
	d.say("ledger", "ok", "", "%s can be read", l.place)
}

func (d *doctor) print() error {
	failed := false
	for _, c := range d.checks {
		failed = failed || c.Result == "fail"
	}
	err := printAs(d.cmd.OutOrStdout(), d.format(), d.checks, func(w tableWriter) error {
		for _, c := range d.checks {
			line := fmt.Sprintf("%-4s  %s: %s", c.Result, c.Check, c.Says)
			if c.Next != "" {
				line += "; " + c.Next
			}
			fmt.Fprintln(w, line)
		}
		return nil
	})
	if err == nil && failed {
		err = toldError{errUnhealthy}
	}
	return err
}
