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

// config is what the options set.
type config struct {
	profile   Profile
	newest    version // the version the server claims to be
	logger    *slog.Logger
	clusterID string
	clients   *clients         // nil without security
	roster    *roster          // nil if they do not change
	now       func() time.Time // the clock that certificates are checked by

	authenticator Authenticator // nil leaves it to clients
	around        []func(Invoke) Invoke
	traces        []Trace
	documentAt    string
	document      map[string][]byte
	limits        Limits
	browsers      *http.CrossOriginProtection
	hosts         []string // in lower case
}

// defaultRuntimeVersion is the last minor line of the runtime.
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

// Invalid is an option that [New] returns an error for: for packages that make options out of what
// can be wrong.
func Invalid(err error) Option { return func(*config) error { return err } }

// WithProfile chooses between the documents and the runtime. The default is
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

// WithRuntimeVersion sets the version of the runtime that the server stands
// for, as MAJOR.MINOR: the highest api-version it accepts, and the version of
// the cluster that it tells. The default is 8.2.
// A text of another form, or a version below the first documented one (3.0), is
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

// WithLogger sets where the one line per request goes: at level Info, Warn for
// a 5xx, Error for a panic or an answer that broke off. Nil, like the default,
// discards. Lines never carry a raw query. They carry the address that a request came
// from, the id of the operation that it names, and of a cancel whether it forces. Of a client certificate they carry
// the thumbprint, the beginning of the common name, and the role or why it was
// turned away.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l == nil {
			l = slog.New(slog.DiscardHandler)
		}
		c.logger = l
		return nil
	}
}

// WithClusterID sets the id of the cluster that the server stands for. A
// request whose ClusterId header says another one, ignoring case, is refused
// with 403. The default, and the empty id, accept every header, as the runtime
// does when it has no id configured.
func WithClusterID(id string) Option {
	return func(c *config) error {
		c.clusterID = id
		return nil
	}
}

// Profile chooses which of two truths the server tells where the documents and
// the open-source runtime disagree. Where the documents are silent both
// profiles do what the runtime does. The package comment lists the differences
// that show at the edge; an implementation may use the same value for rules of
// its own.
//
// The zero value is [Documented].
type Profile uint8

const (
	// Documented follows the published documents: what they call required is
	// required, and their bounds, versions and texts hold.
	Documented Profile = iota

	// Runtime follows the code of the runtime, leniencies and traps included.
	Runtime

	profiles = iota // how many there are
)

// ParseProfile reads the text that [Profile.String] writes, in any letter case.
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
