package sftest

import (
	"errors"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
)

// Option changes a [Cluster] that [NewCluster] makes.
type Option func(*config) error

// config is what the options set.
type config struct {
	profile server.Profile
	things  *emulator.Cluster // nil for "everything exists"
	start   time.Time
	now     func() time.Time
	engine  []emulator.Option
	server  []server.Option

	scenario func(emulator.Record) emulator.Scenario
}

// WithProfile chooses between what the documents say and what the runtime does, for
// server and engine. The default is [server.Documented].
func WithProfile(p server.Profile) Option {
	return func(c *config) error {
		c.profile = p
		return nil
	}
}

// WithScenario makes every operation go like this. The default is
// [emulator.DefaultScenario]: 2 s of looking up, 30 s of acting, 4 s to undo each.
func WithScenario(s emulator.Scenario) Option {
	return WithScenarios(func(emulator.Record) emulator.Scenario { return s })
}

// WithScenarios chooses how each operation goes, as [emulator.WithScenario] does.
// [emulator.ParseScenarios] reads such a choice from a file.
func WithScenarios(choose func(emulator.Record) emulator.Scenario) Option {
	return func(c *config) error {
		if choose == nil {
			return errors.New("WithScenarios: the function is nil")
		}
		c.scenario = choose
		return nil
	}
}

// WithCluster says which services and nodes there are, and that there are no others.
// The default is that everything exists that a request names; see
// [emulator.Emulator.SetCluster].
func WithCluster(things emulator.Cluster) Option {
	return func(c *config) error {
		c.things = &things
		return nil
	}
}

// WithStart sets when the time of the engine begins; from there only [Cluster.Advance]
// moves it. The default is the beginning of 2020, UTC. It does not go with [WithClock].
func WithStart(t time.Time) Option {
	return func(c *config) error {
		c.start = t
		return nil
	}
}

// WithClock makes the engine follow a clock, and is for tests in a bubble of
// testing/synctest: with WithClock(time.Now) client and engine share the time of the
// bubble, and who waits moves both. [Cluster.Advance] then fails the test. The clock must
// not go backwards.
func WithClock(now func() time.Time) Option {
	return func(c *config) error {
		if now == nil {
			return errors.New("WithClock: the clock is nil")
		}
		c.now = now
		return nil
	}
}

// WithEngine hands options to the engine, such as [emulator.WithSettings]. Profile,
// clock and scenarios have options here, which win.
func WithEngine(options ...emulator.Option) Option {
	return func(c *config) error {
		c.engine = append(c.engine, options...)
		return nil
	}
}

// WithServer hands options to the server, such as [server.WithLogger]. The profile has
// an option here, which wins. There is no TLS, so [server.WithClientCertificates] turns
// everybody away.
func WithServer(options ...server.Option) Option {
	return func(c *config) error {
		c.server = append(c.server, options...)
		return nil
	}
}

// read applies the options, and says what is wrong with them.
func read(options []Option) (config, error) {
	var c config
	var errs []error
	for _, option := range options {
		if option == nil {
			errs = append(errs, errors.New("an option is nil"))
			continue
		}
		errs = append(errs, option(&c))
	}
	if c.now != nil && !c.start.IsZero() {
		errs = append(errs, errors.New("WithStart and WithClock do not go together"))
	}
	if c.scenario == nil {
		c.scenario = func(emulator.Record) emulator.Scenario { return emulator.DefaultScenario() }
	}
	return c, errors.Join(errs...)
}

// engineOptions are those of every engine of the cluster.
func (c *config) engineOptions(now func() time.Time) []emulator.Option {
	return append(c.engine[:len(c.engine):len(c.engine)],
		emulator.WithProfile(c.profile), emulator.WithScenario(c.scenario), emulator.WithClock(now))
}

// serverOptions are those of every server of the cluster.
func (c *config) serverOptions() []server.Option {
	return append(c.server[:len(c.server):len(c.server)], server.WithProfile(c.profile))
}
