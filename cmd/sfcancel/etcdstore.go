package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
)

// etcdForm is the form of the name of a store in etcd.
const etcdForm = "etcd://[USER@]HOST:PORT[,HOST:PORT...][/PREFIX][?ca=FILE&cert=FILE&key=FILE&password-file=FILE], or etcds:// with TLS"

// etcdName is the name of a store in etcd in its parts.
type etcdName struct {
	endpoints []string
	prefix    string // ends in a slash, or empty for the default
	tls       bool
	user      string
	files     map[string]string // by parameter
}

// openEtcd opens the store of a name with the scheme etcd or etcds.
func openEtcd(ctx context.Context, name string) (store.Store, error) {
	n, err := parseEtcd(name)
	if err != nil {
		return nil, usage(fmt.Errorf("%q: %w; the form is %s", withoutQuery(name), err, etcdForm))
	}
	options, err := n.options()
	if err != nil {
		return nil, fmt.Errorf("%q: %w", withoutQuery(name), err)
	}
	return etcd.Open(ctx, n.endpoints, options...)
}

func isEtcd(name string) bool {
	return strings.HasPrefix(name, "etcd://") || strings.HasPrefix(name, "etcds://")
}

// withoutQuery returns the name of a store for errors, without what follows the ?, which may be a misplaced password.
func withoutQuery(name string) string {
	before, _, found := strings.Cut(name, "?")
	if found && !strings.HasPrefix(name, "bolt:") && !strings.HasPrefix(name, "file:") {
		return before + "?..."
	}
	return name
}

// parseEtcd parses a name. Package url cannot, because the name has several hosts.
func parseEtcd(name string) (etcdName, error) {
	scheme, rest, _ := strings.Cut(name, "://")
	n := etcdName{tls: scheme == "etcds", files: make(map[string]string)}
	rest, query, _ := strings.Cut(rest, "?")
	hosts, prefix, _ := strings.Cut(rest, "/")
	if at := strings.LastIndex(hosts, "@"); at >= 0 {
		n.user, hosts = hosts[:at], hosts[at+1:]
		if n.user == "" {
			return n, errors.New("there is no user before the @")
		}
		if strings.Contains(n.user, ":") {
			return n, errors.New("a password in a command line can be read by others: write it to a file, and add ?password-file=FILE")
		}
	}
	web := "http://"
	if n.tls {
		web = "https://"
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if u, err := url.Parse(web + host); err != nil || u.Hostname() == "" || u.Port() == "" {
			return n, fmt.Errorf("%q is not HOST:PORT", host)
		}
		n.endpoints = append(n.endpoints, web+host)
	}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		n.prefix = prefix + "/"
	}
	return n, n.parameters(query)
}

func (n *etcdName) parameters(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil { // err would repeat a part of the query
		return errors.New("what follows the ? is not of the form NAME=FILE&NAME=FILE")
	}
	if values.Has("password") {
		return errors.New(passwordAdvice)
	}
	for name, all := range values {
		switch name {
		case "ca", "cert", "key":
			if !n.tls {
				return fmt.Errorf("%s needs TLS: etcds://", name)
			}
		case "password-file":
			if n.user == "" {
				return errors.New("password-file needs a user: USER@ before the first host")
			}
		default:
			if slices.Equal(all, []string{""}) { // it may be the end of a password with an ampersand
				return errors.New("there is a parameter without a value, or with an unknown name")
			}
			return fmt.Errorf("there is no parameter %q", name)
		}
		if len(all) != 1 || all[0] == "" {
			return fmt.Errorf("%s must name one file", name)
		}
		n.files[name] = all[0]
	}
	switch {
	case (n.files["cert"] == "") != (n.files["key"] == ""):
		return errors.New("cert and key go together")
	case n.user != "" && n.files["password-file"] == "":
		return errors.New("a user needs ?password-file=FILE")
	}
	return nil
}

func (n *etcdName) options() ([]etcd.Option, error) {
	var options []etcd.Option
	if n.prefix != "" {
		options = append(options, etcd.WithPrefix(n.prefix))
	}
	if n.user != "" {
		password, err := os.ReadFile(n.files["password-file"])
		if err != nil {
			return nil, err
		}
		options = append(options, etcd.WithAuth(n.user, strings.TrimRight(string(password), "\r\n")))
	}
	if !n.tls {
		return options, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca := n.files["ca"]; ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: there is no certificate in it", ca)
		}
	}
	if cert := n.files["cert"]; cert != "" {
		load := func() (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(cert, n.files["key"])
			return &pair, err
		}
		if _, err := load(); err != nil {
			return nil, err
		}
		// Read for each connection, because certificates are renewed while servers run.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return load() }
	}
	return append(options, etcd.WithTLS(config)), nil
}
