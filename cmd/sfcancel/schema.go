package main

import (
	_ "embed" // of the schema

	"github.com/spf13/cobra"
)

// schemaVersion counts what would break a reader of -o json: a name that is gone, or means something else.
const schemaVersion = 1

//go:embed schema/v1.json
var schema []byte

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of -o json",
		Long: `Print the JSON schema of what -o json writes. Its version changes when a name goes or changes
its meaning; new names may come within a version, so readers ignore what they do not know.`,
		Example: "  sfcancel schema",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(schema)
			return err
		},
	}
}
