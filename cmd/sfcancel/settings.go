package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// setting is one value of a connection. It comes from a flag, else from an environment variable, else from the cluster
// in the configuration file, else from the default of the flag.
type setting struct {
	flag string // name of the flag, without --
	key  string // of a cluster in the file; "" if the file does not hold it
	list bool
	path bool // a file, whose absolute path the configuration holds
}

// settings are the flags that can also be set in the environment and, if they have a key, in the file.
var settings = [...]setting{
	{flag: "endpoint", key: "endpoints", list: true},
	{flag: "cert", key: "cert", path: true},
	{flag: "key", key: "key", path: true},
	{flag: "ca", key: "ca", path: true},
	{flag: "server-thumbprint", key: "server-thumbprints", list: true},
	{flag: "server-common-name", key: "server-common-names", list: true},
	{flag: "token-command", key: "token-command"},
	{flag: "proxy", key: "proxy"},
	{flag: "api-version", key: "api-version"},
	{flag: "timeout", key: "timeout"},
	{flag: "ledger", key: "ledger"},
	{flag: "output"},
}

// clusterVariable names a cluster as --cluster does.
const clusterVariable = "SFCANCEL_CLUSTER"

// variable returns the environment variable of the setting.
func (s setting) variable() string {
	return "SFCANCEL_" + strings.ToUpper(strings.ReplaceAll(s.flag, "-", "_"))
}

// settled is the sources of the flags of a command.
type settled struct {
	cluster *clusterConfig    // nil if none was chosen
	chosen  string            // how it was chosen
	from    map[string]string // source by name of flag
	file    *configFile
}

// settle sets the flags that the command line leaves out, from the environment and the file.
//
// If an address is given without the name of a cluster, settle ignores the current cluster, whose
// certificate, token and ledger are for its own gateways.
func settle(cmd *cobra.Command) (*settled, error) {
	file, err := loadConfig()
	if err != nil {
		return nil, usage(err)
	}
	return file.settle(cmd.Flags(), os.Getenv)
}

func (file *configFile) settle(flags *pflag.FlagSet, env func(string) string) (*settled, error) {
	s := &settled{from: make(map[string]string), file: file}
	for _, v := range settings {
		flag := flags.Lookup(v.flag)
		switch {
		case flag == nil:
		case flag.Changed:
			s.from[v.flag] = "--" + v.flag
		case env(v.variable()) != "":
			if err := s.set(flag, v.variable(), env(v.variable())); err != nil {
				return nil, err
			}
		}
	}
	if err := s.choose(flags, env); err != nil {
		return nil, err
	}
	for _, v := range settings {
		flag := flags.Lookup(v.flag)
		if flag == nil || s.from[v.flag] != "" {
			continue
		}
		s.from[v.flag] = "default"
		if s.cluster == nil || len(s.cluster.values[v.key]) == 0 {
			continue
		}
		if err := s.set(flag, "cluster "+s.cluster.name, s.cluster.values[v.key]...); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// choose finds the cluster in the file that the command is for.
func (s *settled) choose(flags *pflag.FlagSet, env func(string) string) error {
	flag := flags.Lookup("cluster")
	if flag == nil {
		return nil
	}
	name, how := s.file.current, "current cluster"
	addressed := s.from["endpoint"] != ""
	switch {
	case flag.Changed:
		name, how = flag.Value.String(), "--cluster"
	case env(clusterVariable) != "":
		name, how = env(clusterVariable), clusterVariable
		if err := flags.Set("cluster", name); err != nil {
			return usage(err)
		}
	case addressed || name == "":
		return nil
	}
	s.chosen = how
	if s.cluster = s.file.clusters[name]; s.cluster != nil {
		return flags.Set("cluster", name)
	}
	if addressed { // a name for the ledger
		return nil
	}
	return usage(fmt.Errorf("%s: there is no cluster %q in %s: see sfcancel config list, or add it with sfcancel config set-cluster", how, name, s.file.path))
}

// set sets a flag from the environment or the file, where a password is refused too.
func (s *settled) set(flag *pflag.Flag, from string, values ...string) error {
	var err error
	switch value := flag.Value.(type) {
	case pflag.SliceValue:
		if strings.HasPrefix(from, "SFCANCEL_") {
			err = flag.Value.Set(values[0])
		} else {
			err = value.Replace(values)
		}
	default:
		err = flag.Value.Set(values[0])
	}
	if slices.ContainsFunc(values, hasPassword) {
		err = errors.New(passwordAdvice)
	}
	if err != nil {
		return usage(fmt.Errorf("%s: --%s: %w", from, flag.Name, err))
	}
	flag.Changed, s.from[flag.Name] = true, from
	return nil
}
