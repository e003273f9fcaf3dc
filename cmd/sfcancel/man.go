package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIRECTORY",
		Short:   "Write the manual pages into a directory",
		Long:    "Write a manual page for each command into a directory, which is created if it does not exist. The date\nof the pages is SOURCE_DATE_EPOCH, or now.",
		Example: "  sfcancel man /usr/local/share/man/man1",
		Args:    exactly("DIRECTORY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // every user may read the manual
				return usage(err)
			}
			root := newRoot()
			root.DisableAutoGenTag = true
			err := doc.GenManTree(root, &doc.GenManHeader{Title: "SFCANCEL", Section: "1", Source: "sfcancel " + version()}, args[0])
			if err != nil {
				return fmt.Errorf("the manual pages: %w", err)
			}
			return nil
		},
	}
}
