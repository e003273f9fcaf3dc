package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/openapi"
)

// versionJSON is the document of the version command.
type versionJSON struct {
	Version     string   `json:"version"`
	Commit      string   `json:"commit,omitempty"`
	Modified    bool     `json:"modified,omitempty"`
	Go          string   `json:"go"`
	Platform    string   `json:"platform"`
	APIVersions []string `json:"apiVersions"`
	Schema      int      `json:"schema"`
}

func newVersion() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version, the commit and the api-versions",
		Example: "  sfcancel version -o json",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			doc := thisVersion()
			return printAs(cmd.OutOrStdout(), output, doc, func(w tableWriter) error {
				_, err := fmt.Fprintf(w, "sfcancel %s\ncommit %s\n%s %s\napi-versions %s\n",
					doc.Version, orDash(doc.Commit), doc.Go, doc.Platform, strings.Join(doc.APIVersions, ", "))
				return err
			})
		},
	}
	outputFlag(cmd, &output)
	return cmd
}

func thisVersion() versionJSON {
	doc := versionJSON{Version: version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, APIVersions: openapi.Versions(), Schema: schemaVersion}
	info, ok := debug.ReadBuildInfo()
	for i := 0; ok && i < len(info.Settings); i++ {
		switch s := info.Settings[i]; s.Key {
		case "vcs.revision":
			doc.Commit = s.Value
		case "vcs.modified":
			doc.Modified = s.Value == "true"
		}
	}
	return doc
}
