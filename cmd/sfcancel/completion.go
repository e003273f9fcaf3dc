package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
)

// shells are those with completion.
var shells = []string{"bash", "fish", "powershell", "zsh"}

func newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		Long: `Print a script by which a shell completes commands and flags, and what they take: ids of
operations, which it asks the cluster for in 2 s, clusters, kinds, modes and policies.`,
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
				return usage(fmt.Errorf("%q is no shell that is known: it must be %s", args[0], enumerate(shells, "or")))
			}
			return write(cmd.OutOrStdout())
		},
	}
}

// newHelp is cobra's, but for a command that does not exist.
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
