package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/openapi"
)

func newSpec() *cobra.Command {
	var asJSON bool
	versions := openapi.Versions()
	cmd := &cobra.Command{
		Use:   "spec [API-VERSION]",
		Short: "Print the OpenAPI document, all of it or for one api-version",
		Example: `  sfcancel spec 6.0
  sfcancel spec --json`,
		ValidArgs: versions,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return usage(fmt.Errorf("one argument too many: %s", args[1]))
			case len(args) == 1 && !slices.Contains(versions, args[0]):
				return usage(fmt.Errorf("%q is not an api-version: it must be %s", args[0], enumerate(versions, "or")))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "faults"
			if len(args) == 1 {
				name = "v" + args[0]
			}
			if name += ".yaml"; asJSON {
				name = name[:len(name)-len("yaml")] + "json"
			}
			files, err := openapi.Files()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(files[name])
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON instead of YAML")
	return cmd
}
