package main

import (
	_ "embed" // of the schema

	"github.com/spf13/cobra"
)

// schemaVersion is increased by changes that break readers of -o json: a name that is removed or changes its meaning.
const schemaVersion = 1

//go:embed schema/v1.json
var schema []byte

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of -o json",
		Long: `Print the JSON schema of what -o json writes. Its version changes when a name is removed or
changes its meaning. Names may be added within a version, so readers must ignore unknown names.`,
		Example: "  sfcancel schema",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(schema)
			return err
		},
	}
}
