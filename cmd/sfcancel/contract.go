package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/generated"
)

// parameter returns the parameter of that name in the OpenAPI document, or the zero value, so that help takes its values
// from the document. A name means the same in all operations.
func parameter(name string) generated.Parameter {
	for _, o := range generated.Operations {
		for _, p := range o.Parameters {
			if p.Name == name {
				return *p
			}
		}
	}
	return generated.Parameter{}
}

// values returns the values of a parameter, without Invalid: the documents reserve it, and no server
// accepts it.
func values(p generated.Parameter) []string {
	return slices.DeleteFunc(slices.Clone(p.Enum), func(text string) bool { return text == "Invalid" })
}

// enumerate joins words as in a sentence: a, b or c.
func enumerate(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	end := len(words) - 1
	return strings.Join(words[:end], ", ") + " " + last + " " + words[end]
}

// seconds describes the bounds of a parameter that is a number of seconds.
func seconds(p generated.Parameter) string {
	const unit = "in whole seconds"
	switch {
	case p.Minimum != "" && p.Maximum != "":
		return unit + " from " + p.Minimum + " to " + p.Maximum
	case p.Minimum != "":
		return unit + ", " + p.Minimum + " or more"
	case p.Maximum != "":
		return unit + ", " + p.Maximum + " at most"
	default:
		return unit
	}
}

// complete lets a shell offer the values of a flag.
func complete(cmd *cobra.Command, flag string, values []string) {
	// The only error is a flag that does not exist or is completed already, which a test finds.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}
