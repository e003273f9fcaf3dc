package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/sfcancel/sfcancel/emulator"
)

// plan is the initial state of the cluster and how it behaves.
type plan struct {
	seed         emulator.Seed
	scenario     func(emulator.Record) emulator.Scenario
	availability emulator.Availability
	version      string
	speed        float64
}

// plan reads the files. Flags override the seed.
func (s serveFlags) plan(secure bool) (plan, error) {
	p := plan{version: s.version, speed: s.speed, scenario: func(emulator.Record) emulator.Scenario { return emulator.DefaultScenario() }}
	var err error
	if p.availability, err = emulator.ParseAvailability(s.availability); err != nil {
		return p, fmt.Errorf("--availability: %w", err)
	}
	switch {
	case s.freeze && s.speed != 1:
		return p, errors.New("--freeze and --speed: a clock that stands still has no speed")
	case s.freeze:
		p.speed = 0
	case !(s.speed > 0 && s.speed <= maxSpeed): // also refuses NaN
		return p, fmt.Errorf("--speed %v: it must be more than 0 and at most %d; --freeze stops the clock", s.speed, maxSpeed)
	}
	if s.scenario != "" {
		text, err := readFile(s.scenario)
		if err != nil {
			return p, fmt.Errorf("--scenario: %w", err)
		}
		if p.scenario, err = emulator.ParseScenarios(text); err != nil {
			return p, fmt.Errorf("--scenario %s: %w", s.scenario, err)
		}
	}
	if s.seed == "" {
		return p, nil
	}
	text, err := readFile(s.seed)
	if err != nil {
		return p, fmt.Errorf("--seed: %w", err)
	}
	if p.seed, err = emulator.ParseSeed(text); err != nil {
		return p, fmt.Errorf("--seed %s: %w", s.seed, err)
	}
	if !s.versionGiven && p.seed.RuntimeVersion != "" {
		p.version = p.seed.RuntimeVersion
	}
	if !s.availableIsGiven {
		p.availability = p.seed.Availability
	}
	return p, s.checkSeedSecurity(p.seed.Security, secure)
}

// maxSpeed plays a week in half a second.
const maxSpeed = 1_000_000

// checkSeedSecurity refuses a seed that requires security that the server does not have.
func (s serveFlags) checkSeedSecurity(want emulator.SeedSecurity, secure bool) error {
	switch {
	case want.Mode == "AAD" || want.Mode == "Windows":
		return fmt.Errorf("--seed: security mode %s cannot be served: there is plain, TLS, and TLS with client certificates", want.Mode)
	case want.Mode == "X509" && !secure:
		return errors.New("--seed: security mode X509 needs --tls-cert, --tls-key, and --admin or --user")
	case want.Roles && !s.roles:
		return errors.New("--seed: it tells admins and users apart, which needs --roles")
	}
	return nil
}

// noneEmpty refuses a flag that was given an empty value, as from an unset variable: it would
// switch off what it was meant to switch on.
func noneEmpty(flags *pflag.FlagSet) error {
	var errs []error
	flags.Visit(func(f *pflag.Flag) {
		v := f.Value.String()
		list, several := f.Value.(pflag.SliceValue)
		if v == "" || several && (v == "[]" || slices.Contains(list.GetSlice(), "")) {
			errs = append(errs, fmt.Errorf("--%s is empty", f.Name))
		}
	})
	return errors.Join(errs...)
}

// log logs what is served.
func (s serveFlags) log(logger *slog.Logger, p plan, sec *security) {
	who := "everybody"
	if sec != nil && s.named() {
		clients := sec.clients.Load()
		who = fmt.Sprintf("%d admins, %d users, roles %t", len(clients.Admin), len(clients.User), s.roles)
	}
	logger.Info("serving", "profile", s.profile, "runtime_version", p.version, "store", s.store, "seed", s.seed,
		"scenario", s.scenario, "speed", p.speed, "availability", p.availability, "tls", sec != nil, "clients", who)
	if s.insecure {
		logger.Warn("every client that reaches this address is an admin")
	}
}

// maxFile is larger than any reasonable seed.
const maxFile = 64 << 20

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: larger than %d MiB", path, maxFile>>20)
	}
	return os.ReadFile(path)
}

func availabilities() string {
	var names []string
	for _, a := range emulator.Availabilities() {
		names = append(names, string(a))
	}
	return strings.Join(names, ", ")
}
