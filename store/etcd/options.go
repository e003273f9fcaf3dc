package etcd

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sfcancel/sfcancel/store"
)

// The defaults of [Open].
const (
	// DefaultPrefix is the prefix of all keys of the store: see [WithPrefix].
	DefaultPrefix = "sfcancel/"
	// DefaultDialTimeout is how long Open tries: see [WithDialTimeout].
	DefaultDialTimeout = 10 * time.Second
	// DefaultRequestTimeout is how long a call tries: see [WithRequestTimeout].
	DefaultRequestTimeout = 10 * time.Second
	// DefaultOutcomeWait is how long Commit then waits for an outcome: see
	// [WithOutcomeWait].
	DefaultOutcomeWait = 5 * time.Second
)

// maxPrefix is the longest prefix, in bytes. The largest transaction names some 300
// keys, each with the prefix, and has to fit a request of 1.5 MiB.
const maxPrefix = 128

// Option changes how [Open] works. A nil Option is not allowed.
type Option func(*options) error

type options struct {
	prefix         string
	tls            *tls.Config
	user, password string
	dialTimeout    time.Duration
	requestTimeout time.Duration
	outcomeWait    time.Duration
}

// WithPrefix makes all keys of the store begin with prefix, so that one etcd
// can serve several stores and other applications. The default is [DefaultPrefix].
// Stores with different prefixes never see each other's items, even if one prefix is the
// beginning of another. For that, prefix must end in "/", and no part between
// its slashes may be "item" or "slot". It has 2 to 128 bytes. Anything else is
// [store.ErrInvalid].
func WithPrefix(prefix string) Option {
	return func(o *options) error {
		parts := strings.Split(prefix, "/")
		switch {
		case len(prefix) < 2 || len(prefix) > maxPrefix:
			return fmt.Errorf("%w: prefix %.32q has %d bytes, must have 2 to %d", store.ErrInvalid, prefix, len(prefix), maxPrefix)
		case !strings.HasSuffix(prefix, "/"):
			return fmt.Errorf("%w: prefix %q does not end in a slash", store.ErrInvalid, prefix)
		case slices.Contains(parts, "item") || slices.Contains(parts, "slot"):
			return fmt.Errorf("%w: prefix %q could be within another store, as it has a part named item or slot", store.ErrInvalid, prefix)
		}
		o.prefix = prefix
		return nil
	}
}

// WithTLS makes the store use TLS with config: RootCAs for a private CA,
// Certificates if the members require a client certificate. All endpoints
// must then begin with https, and the certificate of each member must be valid for the
// host in its endpoint. config must have no ServerName, because gRPC ignores it. config
// is cloned. A nil config, a ServerName or an http endpoint is [store.ErrInvalid]. Without
// WithTLS, the members at https endpoints are verified against the system's CAs.
func WithTLS(config *tls.Config) Option {
	return func(o *options) error {
		switch {
		case config == nil:
			return fmt.Errorf("%w: nil TLS configuration", store.ErrInvalid)
		case config.ServerName != "":
			return fmt.Errorf("%w: TLS configuration with the server name %q: members are checked for the host in their endpoint", store.ErrInvalid, config.ServerName)
		}
		o.tls = config.Clone()
		return nil
	}
}

// WithAuth makes the store authenticate as an etcd user with a password.
// The user needs a role that may read and write all keys with the
// prefix, and no other permission. An empty user or password is [store.ErrInvalid]. The default is
// no authentication, except by the TLS client certificate.
func WithAuth(user, password string) Option {
	return func(o *options) error {
		if user == "" || password == "" {
			return fmt.Errorf("%w: empty user or password", store.ErrInvalid)
		}
		o.user, o.password = user, password
		return nil
	}
}

// WithDialTimeout makes [Open] try for at most d to reach the cluster, or until its context
// ends. The default is [DefaultDialTimeout]; 0 or less is
// [store.ErrInvalid].
func WithDialTimeout(d time.Duration) Option {
	return func(o *options) error { return setPositive(&o.dialTimeout, "dial timeout", d) }
}

// WithRequestTimeout makes each call of Get, List and Commit try for at most d to
// reach the cluster, or until its context ends; it then returns
// [store.ErrUnavailable]. One request to one member gets a quarter of d, so that
// there is time for another member if the first does not answer. The default is
// [DefaultRequestTimeout]; 0 or less is [store.ErrInvalid].
func WithRequestTimeout(d time.Duration) Option {
	return func(o *options) error { return setPositive(&o.requestTimeout, "request timeout", d) }
}

// WithOutcomeWait makes Commit continue for at most d after the end of its context or
// of the request timeout, to find out the outcome of a transaction that it has
// sent; it then returns [store.ErrOutcomeUnknown]. The default is
// [DefaultOutcomeWait]; 0 or less is [store.ErrInvalid].
func WithOutcomeWait(d time.Duration) Option {
	return func(o *options) error { return setPositive(&o.outcomeWait, "outcome wait", d) }
}

func setPositive(to *time.Duration, name string, d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("%w: %s %v is not positive", store.ErrInvalid, name, d)
	}
	*to = d
	return nil
}

// collect applies all options. Its error joins those of all wrong arguments.
func collect(endpoints []string, opts []Option) (options, error) {
	o := options{
		prefix:         DefaultPrefix,
		dialTimeout:    DefaultDialTimeout,
		requestTimeout: DefaultRequestTimeout,
		outcomeWait:    DefaultOutcomeWait,
	}
	var wrong []error
	for _, opt := range opts {
		wrong = append(wrong, opt(&o))
	}
	wrong = append(wrong, checkEndpoints(endpoints, o.tls != nil))
	return o, errors.Join(wrong...)
}

// checkEndpoints also requires that all endpoints use TLS or none does: etcd's client
// decides by the first for all of them.
func checkEndpoints(endpoints []string, wantTLS bool) error {
	if len(endpoints) == 0 {
		return fmt.Errorf("%w: no endpoints", store.ErrInvalid)
	}
	first := ""
	for i, endpoint := range endpoints {
		u, err := url.Parse(endpoint)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Port() == "" || u.Hostname() == "" ||
			strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
			return fmt.Errorf("%w: endpoint %q is not of the form http://host:port or https://host:port", store.ErrInvalid, endpoint)
		}
		if i == 0 {
			first = u.Scheme
		}
		switch {
		case wantTLS && u.Scheme != "https":
			return fmt.Errorf("%w: endpoint %q is not https, but there is a TLS configuration", store.ErrInvalid, endpoint)
		case u.Scheme != first:
			return fmt.Errorf("%w: endpoints of both http and https", store.ErrInvalid)
		}
	}
	return nil
}
