package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is the width of the narrowest terminal that help is for.
const helpWidth = 80

// usageOf writes the generated part of help: the usage line, the examples and the flags, with the flags of the
// connection in a group of their own.
func usageOf(cmd *cobra.Command) error {
	w := cmd.OutOrStdout()
	fmt.Fprint(w, "Usage:\n")
	if cmd.Runnable() && !cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "  %s COMMAND\n", cmd.CommandPath())
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(w, "\nAliases:\n  %s\n", cmd.NameAndAliases())
	}
	if cmd.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprint(w, "\nCommands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(w, "  %-*s  %s\n", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	own, connection := pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.DefValue == "0s" {
			shown := *f
			shown.DefValue = ""
			f = &shown
		}
		if isOfConnection(f.Name) && cmd.Name() != "set-cluster" {
			connection.AddFlag(f)
			return
		}
		own.AddFlag(f)
	})
	for _, group := range []struct {
		title string
		flags *pflag.FlagSet
	}{{"Flags", own}, {"Connection (see sfcancel config --help)", connection}} {
		if group.flags.HasAvailableFlags() {
			fmt.Fprintf(w, "\n%s:\n%s", group.title, trimLines(group.flags.FlagUsagesWrapped(helpWidth)))
		}
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\nRun \"%s COMMAND --help\" for more about a command.\n", cmd.CommandPath())
	}
	return nil
}

// printHelp writes the help of a command: its description and its usage.
func printHelp(cmd *cobra.Command, _ []string) {
	about := cmd.Long
	if about == "" {
		about = cmd.Short + "."
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s\n\n", reflow(about))
	_ = usageOf(cmd)
}

// reflow fills the lines of paragraphs. Lines that begin with a space are kept as they are.
func reflow(text string) string {
	var b strings.Builder
	used := 0 // columns of the current line; 0 outside a paragraph
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || line[0] == ' ' {
			if used > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(line + "\n")
			used = 0
			continue
		}
		for word := range strings.FieldsSeq(line) {
			n := utf8.RuneCountInString(word)
			switch {
			case used == 0:
			case used+1+n > helpWidth-1:
				b.WriteByte('\n')
				used = 0
			default:
				b.WriteByte(' ')
				used++
			}
			b.WriteString(word)
			used += n
		}
		if strings.HasSuffix(line, ":") && len(line) < 40 { // what follows is a list
			b.WriteByte('\n')
			used = 0
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// isOfConnection reports whether a flag says how the cluster is reached.
func isOfConnection(name string) bool {
	for _, s := range settings {
		if s.flag == name && s.key != "" && name != "timeout" && name != "ledger" {
			return true
		}
	}
	return name == "cluster" || name == "debug"
}

// trimLines removes trailing spaces from each line.
func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}
