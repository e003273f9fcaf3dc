package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Option changes one setting of a [Handler]. Options are read once, by [New],
// in order: the last one of a kind wins. A nil Option is an error.
type Option func(*config) error

// config holds the settings of the options.
type config struct {
	profile   Profile
	newest    version // the version that the server reports
	logger    *slog.Logger
	clusterID string
	clients   *clients         // nil without security
	roster    *roster          // nil if the clients do not change
	now       func() time.Time // the clock for the dates of certificates

	authenticator Authenticator // if nil, clients authenticates
	around        []func(Invoke) Invoke
	traces        []Trace
	documentAt    string
	document      map[string][]byte
	limits        Limits
	browsers      *http.CrossOriginProtection
	hosts         []string // in lower case
}

// defaultRuntimeVersion is the last minor release of the runtime.
const defaultRuntimeVersion = "8.2"

func newConfig(opts []Option) (config, error) {
	c := config{profile: Documented, logger: slog.New(slog.DiscardHandler), now: time.Now, browsers: http.NewCrossOriginProtection()}
	c.newest, _ = parseVersion(defaultRuntimeVersion)

	var errs []error
	for i, opt := range opts {
		if opt == nil {
			errs = append(errs, fmt.Errorf("server: option %d is nil", i))
			continue
		}
		errs = append(errs, opt(&c))
	}
	if c.authenticator != nil && c.clients != nil {
		errs = append(errs, errors.New("server: WithAuthenticator and WithClientCertificates exclude each other"))
	}
	return c, errors.Join(errs...)
}

// Invalid returns an option for which [New] returns err. It is for packages whose own options
// may be invalid.
func Invalid(err error) Option { return func(*config) error { return err } }

// WithProfile selects the documents or the runtime. The default is
// [Documented].
func WithProfile(p Profile) Option {
	return func(c *config) error {
		if p >= profiles {
			return fmt.Errorf("server: unknown profile %s", p)
		}
		c.profile = p
		return nil
	}
}

// WithRuntimeVersion sets the version of the runtime, as MAJOR.MINOR. It is
// the highest api-version that the server accepts, and the version of
// the cluster that it reports. The default is 8.2.
// Any other text, and a version below the first documented one (3.0), is
// an error.
func WithRuntimeVersion(text string) Option {
	return func(c *config) error {
		v, ok := parseVersion(text)
		if !ok || v.compare(oldestDocumented) < 0 {
			return fmt.Errorf("server: runtime version %q is not a MAJOR.MINOR from %s on", excerpt(text), oldestDocumented)
		}
		c.newest = v
		return nil
	}
}

// WithLogger sets the logger, which gets one line per request: at level Info, Warn for
// a 5xx, Error for a panic or a truncated answer. Nil, the default,
// discards. A line never has the raw query. It has the address of the client, the id of the
// operation and, for a cancel, whether it is a force. With a client certificate it also has
// the thumbprint, the beginning of the common name, and the role or the reason of the
// refusal.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l == nil {
			l = slog.New(slog.DiscardHandler)
		}
		c.logger = l
		return nil
	}
}

// WithClusterID sets the id of the cluster. A
// request whose ClusterId header has another id, ignoring case, is refused
// with 403. With the empty id, the default, every header is accepted, as the runtime
// does when it has no id configured.
func WithClusterID(id string) Option {
	return func(c *config) error {
		c.clusterID = id
		return nil
	}
}

// Profile selects how the server behaves where the documents and
// the open-source runtime disagree. Where the documents are silent both
// profiles do what the runtime does. The package comment lists the differences.
// An implementation may use the same value for rules of its own.
//
// The zero value is [Documented].
type Profile uint8

const (
	// Documented follows the published documents: their required parameters are
	// required, and their bounds, versions and texts hold.
	Documented Profile = iota

	// Runtime follows the code of the runtime, leniencies and traps included.
	Runtime

	profiles = iota // the number of profiles
)

// ParseProfile parses the result of [Profile.String], in any letter case.
// Any other text, the empty one included, is an error.
func ParseProfile(text string) (Profile, error) {
	for p := range Profile(profiles) {
		if strings.EqualFold(text, p.String()) {
			return p, nil
		}
	}
	return Documented, fmt.Errorf("server: unknown profile %q: %s and %s are known", excerpt(text), Documented, Runtime)
}

// String returns "documented" or "runtime", and Profile(n) for any other value.
func (p Profile) String() string {
	switch p {
	case Documented:
		return "documented"
	case Runtime:
		return "runtime"
	default:
		return "Profile(" + strconv.Itoa(int(p)) + ")"
	}
}
