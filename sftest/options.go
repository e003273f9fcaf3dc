package sftest

import (
	"errors"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
)

// Option changes a [Cluster] that [NewCluster] makes.
type Option func(*config) error

// config holds the settings of the options.
type config struct {
	profile server.Profile
	things  *emulator.Cluster // nil: everything exists
	start   time.Time
	now     func() time.Time
	engine  []emulator.Option
	server  []server.Option

	scenario func(emulator.Record) emulator.Scenario
}

// WithProfile selects the behaviour of the documents or of the runtime, for
// server and engine. The default is [server.Documented].
func WithProfile(p server.Profile) Option {
	return func(c *config) error {
		c.profile = p
		return nil
	}
}

// WithScenario sets the scenario of every operation. The default is
// [emulator.DefaultScenario]: 2 s to look up the target, 30 s to perform the actions, 4 s to undo each.
func WithScenario(s emulator.Scenario) Option {
	return WithScenarios(func(emulator.Record) emulator.Scenario { return s })
}

// WithScenarios selects the scenario of each operation, like [emulator.WithScenario].
// [emulator.ParseScenarios] reads such a function from a file.
func WithScenarios(choose func(emulator.Record) emulator.Scenario) Option {
	return func(c *config) error {
		if choose == nil {
			return errors.New("WithScenarios: the function is nil")
		}
		c.scenario = choose
		return nil
	}
}

// WithCluster sets the services and nodes of the cluster; no others exist.
// By default every service and node exists; see
// [emulator.Emulator.SetCluster].
func WithCluster(things emulator.Cluster) Option {
	return func(c *config) error {
		c.things = &things
		return nil
	}
}

// WithStart sets the start time of the engine's clock, which only [Cluster.Advance]
// moves. The default is the beginning of 2020, UTC. It excludes [WithClock].
func WithStart(t time.Time) Option {
	return func(c *config) error {
		c.start = t
		return nil
	}
}

// WithClock makes the engine follow a clock. It is for tests in a bubble of
// testing/synctest: with WithClock(time.Now) client and engine share the time of the
// bubble, so waiting moves both. [Cluster.Advance] then fails the test. The clock must
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

// WithEngine passes options to the engine, such as [emulator.WithSettings]. The options of this package for
// profile, clock and scenarios override them.
func WithEngine(options ...emulator.Option) Option {
	return func(c *config) error {
		c.engine = append(c.engine, options...)
		return nil
	}
}

// WithServer passes options to the server, such as [server.WithLogger]. [WithProfile] overrides their
// profile. There is no TLS, so with [server.WithClientCertificates] every client is
// refused.
func WithServer(options ...server.Option) Option {
	return func(c *config) error {
		c.server = append(c.server, options...)
		return nil
	}
}

// read applies the options, and joins their errors.
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

// engineOptions returns the options of every engine of the cluster.
func (c *config) engineOptions(now func() time.Time) []emulator.Option {
	return append(c.engine[:len(c.engine):len(c.engine)],
		emulator.WithProfile(c.profile), emulator.WithScenario(c.scenario), emulator.WithClock(now))
}

// serverOptions returns the options of every server of the cluster.
func (c *config) serverOptions() []server.Option {
	return append(c.server[:len(c.server):len(c.server)], server.WithProfile(c.profile))
}
