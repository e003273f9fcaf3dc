package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sfcancel/sfcancel/internal/plain"
)

const aboutConfig = `Give clusters names, so that a command needs no flags for its connection.

Each value of a connection comes from the first of these that has it:

  1. the flag                   --endpoint, --cert, --key, --ca, --ledger ...
  2. the environment            SFCANCEL_ENDPOINT, SFCANCEL_CERT ...
  3. the cluster in the file    the one that --cluster or SFCANCEL_CLUSTER
                                names, else the current one
  4. the default of the flag

If an address is given without the name of a cluster, the current cluster is
ignored: its certificate, token and ledger are for its own gateways.

The file is $XDG_CONFIG_HOME/sfcancel/config.yaml, or ~/.config/sfcancel/config.yaml
(macOS: ~/Library/Application Support, Windows: %AppData%):

  current: prod
  clusters:
    prod:
      endpoints: [https://sf1.example.com:19080, https://sf2.example.com:19080]
      cert: /home/ann/client.pem
      key: /home/ann/client.key
      server-thumbprints: [3FE4...]
      ledger: etcd://etcd1.example.com:2379/faults
      protected: true

Commands that change a protected cluster ask for confirmation. The file holds names
of files and commands, but no secrets. A file that other users can write to is refused.`

func newConfig() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Name clusters, and choose one",
		Long:  aboutConfig,
		Args:  exactly("what to do"),
		RunE: func(_ *cobra.Command, args []string) error {
			return usage(fmt.Errorf("unknown command %q; see sfcancel config --help", args[0]))
		},
	}
	cmd.AddCommand(newSetCluster(), newUse(), newConfigList(), newConfigShow(), newImportSfctl())
	return cmd
}

func newSetCluster() *cobra.Command {
	var conn connection
	var protected bool
	cmd := &cobra.Command{
		Use:   "set-cluster NAME",
		Short: "Add or change a cluster",
		Long: `Add a cluster, or change one. A flag that is left out keeps its value; an empty flag,
such as --ca "", removes the value. The first cluster becomes the current one.`,
		Example: `  sfcancel config set-cluster dev --endpoint http://localhost:19080
  sfcancel config set-cluster prod --endpoint https://sf1.example.com:19080 --cert client.pem --key client.key --protected`,
		Args: exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkClusterName(args[0]); err != nil {
				return usage(err)
			}
			values, err := given(cmd.Flags())
			if err != nil {
				return err
			}
			var guard *bool
			if cmd.Flags().Changed("protected") {
				guard = &protected
			}
			return changeConfig(cmd, func(file *configFile) (string, error) {
				if file.clusters[args[0]] == nil && len(values["endpoints"]) == 0 {
					return "", usage(errors.New("--endpoint is missing: a new cluster needs an address"))
				}
				file.add(args[0], values, guard)
				return fmt.Sprintf("cluster %s is set", args[0]), nil
			})
		},
	}
	conn.saved(cmd)
	ledgerFlag(cmd, new(string))
	cmd.Flags().BoolVar(&protected, "protected", false, "ask for confirmation before anything is changed on the cluster")
	return cmd
}

// add sets a cluster, and makes the first one the current one.
func (file *configFile) add(name string, values map[string][]string, protected *bool) {
	if len(file.clusters) == 0 {
		file.setCurrent(name)
	}
	file.setCluster(name, values, protected)
}

// given returns the values of a cluster that the flags set.
func given(flags *pflag.FlagSet) (map[string][]string, error) {
	values := make(map[string][]string)
	for _, s := range settings {
		flag := flags.Lookup(s.flag)
		if flag == nil || s.key == "" || !flag.Changed {
			continue
		}
		texts := []string{flag.Value.String()}
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			texts = list.GetSlice()
		}
		if strings.Join(texts, "") == "" {
			texts = nil
		}
		for i, text := range texts {
			if s.path {
				absolute, err := filepath.Abs(text)
				if err != nil {
					return nil, err
				}
				texts[i] = absolute
			}
		}
		values[s.key] = texts
	}
	return values, nil
}

// changeConfig changes the file, and says what it did.
func changeConfig(cmd *cobra.Command, change func(*configFile) (string, error)) error {
	file, err := loadConfig()
	if err != nil {
		return usage(err)
	}
	did, err := change(file)
	if err != nil {
		return err
	}
	if err := file.save(); err != nil {
		return usage(fmt.Errorf("the configuration cannot be written: %w", err))
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s in %s\n", did, plain.Text(file.path))
	return nil
}

func newUse() *cobra.Command {
	return &cobra.Command{
		Use:               "use NAME",
		Short:             "Make a cluster the current one",
		Long:              "Make a cluster the current one, which commands use if they do not name a cluster.",
		Example:           "  sfcancel config use dev",
		Args:              exactly("NAME"),
		ValidArgsFunction: completeClusters,
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeConfig(cmd, func(file *configFile) (string, error) {
				if file.clusters[args[0]] == nil {
					return "", usage(fmt.Errorf("there is no cluster %q in %s: see sfcancel config list", args[0], file.path))
				}
				file.setCurrent(args[0])
				return fmt.Sprintf("cluster %s is the current one", args[0]), nil
			})
		},
	}
}

// completeClusters offers the names of the clusters.
func completeClusters(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	file, err := loadConfig()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return file.names(), cobra.ShellCompDirectiveNoFileComp
}

// clusterJSON is a cluster in -o json.
type clusterJSON struct {
	Name      string   `json:"name"`
	Current   bool     `json:"current"`
	Protected bool     `json:"protected"`
	Endpoints []string `json:"endpoints"`
}

func newConfigList() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the clusters",
		Example: "  sfcancel config list",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := loadConfig()
			if err != nil {
				return usage(err)
			}
			docs, rows := []clusterJSON{}, [][]string{}
			for _, name := range file.names() {
				c := file.clusters[name]
				docs = append(docs, clusterJSON{name, name == file.current, c.protected, append([]string{}, c.values["endpoints"]...)})
				rows = append(rows, []string{name, mark(name == file.current), mark(c.protected), strings.Join(c.values["endpoints"], ",")})
			}
			return printAs(cmd.OutOrStdout(), output, docs, func(w tableWriter) error {
				return tableOn(cmd.Context(), w, output, "NAME\tCURRENT\tPROTECTED\tENDPOINTS", rows)
			})
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

func mark(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

// settingJSON is a setting in -o json.
type settingJSON struct {
	Setting string   `json:"setting"`
	Values  []string `json:"values"`
	From    string   `json:"from"`
}

func newConfigShow() *cobra.Command {
	var conn connection
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show what a command would use, and where each value is from",
		Long:  "Show what a command with these flags would use for its connection, and where each value\nis from: a flag, the environment, the file, or the default. Nothing is sent.",
		Example: `  sfcancel config show
  sfcancel config show --cluster prod`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			docs := []settingJSON{{"file", []string{conn.settled.file.path}, "default"}}
			if os.Getenv("XDG_CONFIG_HOME") != "" {
				docs[0].From = "XDG_CONFIG_HOME"
			}
			if s := conn.settled; s.chosen != "" {
				docs = append(docs, settingJSON{"cluster", []string{conn.cluster}, s.chosen})
				if s.cluster != nil {
					docs = append(docs, settingJSON{"protected", []string{fmt.Sprint(s.cluster.protected)}, "cluster " + s.cluster.name})
				}
			}
			for _, s := range settings {
				flag := cmd.Flags().Lookup(s.flag)
				values := []string{flag.Value.String()}
				if list, ok := flag.Value.(pflag.SliceValue); ok {
					values = append([]string{}, list.GetSlice()...)
				}
				from := conn.settled.from[s.flag]
				if s.flag == "proxy" && from == "default" {
					if proxy := conn.proxyOfEnvironment(); proxy != "" {
						values, from = []string{proxy}, "HTTPS_PROXY or HTTP_PROXY"
					}
				}
				docs = append(docs, settingJSON{s.flag, values, from})
			}
			rows := make([][]string, len(docs))
			for i, d := range docs {
				rows[i] = []string{d.Setting, d.From, orDash(strings.Join(d.Values, ", "))}
			}
			return printAs(cmd.OutOrStdout(), conn.output, docs, func(w tableWriter) error { return tableOn(cmd.Context(), w, conn.output, "SETTING\tFROM\tVALUE", rows) })
		},
	}
	conn.flags(cmd)
	ledgerFlag(cmd, new(string))
	return cmd
}

func newImportSfctl() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use:   "import-sfctl [NAME]",
		Short: "Import the cluster that sfctl has selected",
		Long: `Import the cluster that sfctl has selected: its address, certificate and CA. Tokens
are not imported; where sfctl uses AAD, az provides them. NAME is sfctl if it is left
out.`,
		Example: "  sfcancel config import-sfctl prod",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(errors.New("one argument too many: " + args[1]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			name := "sfctl"
			if len(args) == 1 {
				name = args[0]
			}
			if err := checkClusterName(name); err != nil {
				return usage(err)
			}
			if from == "" {
				if from, err = sfctlPath(); err != nil {
					return usage(err)
				}
			}
			content, err := os.ReadFile(from)
			if err != nil {
				return usage(fmt.Errorf("the configuration of sfctl cannot be read: %w", err))
			}
			values, notes, err := fromSfctl(from, string(content))
			if err != nil {
				return usage(err)
			}
			err = changeConfig(cmd, func(file *configFile) (string, error) {
				file.add(name, values, nil)
				return fmt.Sprintf("cluster %s is set", name), nil
			})
			for _, note := range notes {
				fmt.Fprintln(cmd.ErrOrStderr(), "sfcancel:", note)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&from, "file", "", "configuration file of sfctl (default ~/.sfctl/config)")
	return cmd
}
