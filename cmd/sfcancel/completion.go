package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
)

// shells are the shells that completion supports.
var shells = []string{"bash", "fish", "powershell", "zsh"}

func newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		Long: `Print a script that lets a shell complete commands, flags and their values: clusters, kinds,
modes, policies, and the ids of operations, for which it asks the cluster for 2 s at most.`,
		Example: `  source <(sfcancel completion bash)
  sfcancel completion zsh > "${fpath[1]}/_sfcancel"
  sfcancel completion fish > ~/.config/fish/completions/sfcancel.fish`,
		ValidArgs: shells,
		Args:      exactly("SHELL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := newRoot()
			write := map[string]func(io.Writer) error{
				"bash":       func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
				"fish":       func(w io.Writer) error { return root.GenFishCompletion(w, true) },
				"powershell": root.GenPowerShellCompletionWithDesc,
				"zsh":        root.GenZshCompletion,
			}[args[0]]
			if !slices.Contains(shells, args[0]) {
				return usage(fmt.Errorf("%q is not a supported shell: it must be %s", args[0], enumerate(shells, "or")))
			}
			return write(cmd.OutOrStdout())
		},
	}
}

// newHelp is cobra's help command, except that it fails for a command that does not exist.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || about == nil || len(rest) > 0 && about == cmd.Root() {
				return usage(fmt.Errorf("there is no command %q; see sfcancel --help", args[0]))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}
