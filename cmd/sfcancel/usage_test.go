package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/generated"
)

// Help fits 80 columns, and every command has examples.
func TestHelpFits(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		args := append(strings.Fields(cmd.CommandPath())[1:], "--help")
		_, out, _ := sfcancel(t, args...)
		for _, line := range strings.Split(out, "\n") {
			example := strings.Contains(line, "sfcancel ") && strings.HasPrefix(line, "  ")
			if n := utf8.RuneCountInString(line); n > 80 && !example && cmd.Name() != "serve" && cmd.Name() != "sfcancel" && cmd.Name() != "store" {
				t.Errorf("%s: got %d columns, want 80 at most: %s", cmd.CommandPath(), n, line)
			}
		}
		if cmd.Runnable() && !cmd.HasSubCommands() && cmd.Example == "" && cmd.Name() != "help" && cmd.Name() != "demo" && cmd.Parent().Name() != "store" {
			t.Errorf("%s: got no example, want one", cmd.CommandPath())
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot())
}

// Every example of every help text is a valid command line. It is run with --dry-run or against a cluster with a stopped
// clock, and the exit code is not that of a usage error.
func TestExamplesAreValid(t *testing.T) {
	url := serveInTest(t, "--freeze")
	t.Setenv("SFCANCEL_ENDPOINT", url)
	id := start(t, url, append(dataLoss, "--id", "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")...)
	if id == "" {
		t.Fatal("start: got no id, want one")
	}
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	if code, out, errs := sfcancel(t, "config", "set-cluster", "prod", "--endpoint", url); code != exitOK {
		t.Fatal(out, errs)
	}
	if code, out, errs := sfcancel(t, "config", "set-cluster", "dev", "--endpoint", url); code != exitOK {
		t.Fatal(out, errs)
	}
	var lines []string
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		text := strings.ReplaceAll(cmd.Example, "\\\n", " ")
		for line := range strings.SplitSeq(text, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot())
	if len(lines) < 30 {
		t.Fatalf("got %d examples, want 30 at least", len(lines))
	}
	for _, line := range lines {
		words, err := splitWords(strings.NewReplacer("source <(", "", ")", "", " > ", " #").Replace(line))
		if err != nil || words[0] != "sfcancel" {
			t.Errorf("%s: got %v, want a command line of sfcancel", line, err)
			continue
		}
		args := words[1:]
		for i, word := range args {
			if strings.HasPrefix(word, "#") {
				args = args[:i]
				break
			}
		}
		switch args[0] {
		case "serve", "store": // their files and addresses do not exist
			continue
		case "watch", "reap", "wait", "stop", "stop-all", "cancel-all", "force":
			args = append(args, "--timeout", "300ms")
			if args[0] == "stop" || args[0] == "force" || args[0] == "stop-all" {
				args = append(args, "--dry-run", "--timeout", "1d")
			}
			if args[0] == "reap" {
				args = append(args, "--once", "--dry-run", "--timeout", "1d")
			}
		case "man":
			args = []string{"man", filepath.Join(t.TempDir(), "man1")}
		case "config":
			if args[1] == "import-sfctl" || args[1] == "set-cluster" {
				continue // TestScripts has files for them
			}
		}
		if code, out, errs := sfcancel(t, args...); code == exitUsage || code == exitFailed {
			t.Errorf("%s: exit %d, want neither %d nor %d: %s%s", line, code, exitUsage, exitFailed, out, errs)
		}
	}
}

// The commands and flags in docs/from-sfctl.md exist.
func TestTableFromSfctl(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "from-sfctl.md"))
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, " | ")
		if len(cells) != 2 || !strings.Contains(cells[1], "`") {
			continue
		}
		for i, code := range strings.Split(cells[1], "`") {
			if i%2 == 0 {
				continue
			}
			words, err := splitWords(strings.NewReplacer("go-template=…", "go-template=x", "…", "", " THUMBPRINT", " 3FE4", " ID", " "+uuid.NewString(), " I ", " 5 ", " P ", " "+uuid.NewString()+" ").Replace(code))
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(words[0], "-") {
				words = append([]string{"cancel"}, words...)
			}
			cmd, rest, err := newRoot().Find(words)
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err != nil || !cmd.HasParent() {
				t.Errorf("%s: got %v, want a command and flags that exist", code, err)
			}
			looked++
		}
	}
	if looked < 20 {
		t.Errorf("got %d commands, want 20 at least", looked)
	}
}

// The help of a flag repeats the values of the parameter in the document.
func TestHelpIsOfTheDocument(t *testing.T) {
	for _, c := range []struct{ command, flag, usage, value string }{
		{"cancel", "api-version", "api-version of the requests; 3.0 and 6.0 are documented", "6.0"},
		{"list", "api-version", "api-version of the requests; 3.0 and 6.0 are documented", "6.0"},
		{"cancel", "server-timeout", "time the server may take for each request, in whole seconds from 1 to 4294967295; from api-version 6.0 on (default the time left, 60s at most)", "0s"},
		{"start data-loss", "mode", "PartialDataLoss or FullDataLoss", "PartialDataLoss"},
		{"start quorum-loss", "mode", "QuorumReplicas, QuorumLossReplicas or AllReplicas; runtimes do not know QuorumReplicas", "AllReplicas"},
		{"start quorum-loss", "duration", "how long, in whole seconds", "1m0s"},
		{"start restart", "mode", "AllReplicasOrInstances or OnlyActiveSecondaries", "AllReplicasOrInstances"},
		{"start node-transition", "type", "Start or Stop", "Stop"},
		{"start node-transition", "duration", "how long the node stays down, in whole seconds, 0 or more; only with Stop", "10m0s"},
	} {
		cmd, _, err := newRoot().Find(strings.Fields(c.command))
		if err != nil {
			t.Fatal(err)
		}
		flag := cmd.Flags().Lookup(c.flag)
		if flag == nil || flag.Usage != c.usage || flag.DefValue != c.value {
			t.Errorf("%s --%s: got %+v, want %q and the default %q", c.command, c.flag, flag, c.usage, c.value)
		}
	}
}

// A shell offers the values of the document, except for the reserved ones.
func TestCompletion(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"cancel", "--api-version"}, generated.APIVersions[:]},
		{[]string{"start", "data-loss", "--mode"}, []string{"PartialDataLoss", "FullDataLoss"}},
		{[]string{"start", "quorum-loss", "--mode"}, []string{"QuorumReplicas", "QuorumLossReplicas", "AllReplicas"}},
		{[]string{"start", "restart", "--mode"}, []string{"AllReplicasOrInstances", "OnlyActiveSecondaries"}},
		{[]string{"start", "node-transition", "--type"}, []string{"Start", "Stop"}},
	} {
		code, out, errs := sfcancel(t, append(append([]string{cobra.ShellCompNoDescRequestCmd}, c.args...), "")...)
		got := strings.Fields(out)
		if want := append(slices.Clone(c.want), ":4"); code != exitOK || !slices.Equal(got, want) { // :4 means no file names
			t.Errorf("%v: exit %d with %v, want %v: %s", c.args, code, got, want, errs)
		}
	}
}

func TestWordsOfParameters(t *testing.T) {
	for _, c := range []struct {
		p    generated.Parameter
		want string
	}{
		{generated.Parameter{}, "in whole seconds"},
		{generated.Parameter{Minimum: "1"}, "in whole seconds, 1 or more"},
		{generated.Parameter{Maximum: "5"}, "in whole seconds, 5 at most"},
		{generated.Parameter{Minimum: "1", Maximum: "5"}, "in whole seconds from 1 to 5"},
	} {
		if got := seconds(c.p); got != c.want {
			t.Errorf("%s..%s: got %q, want %q", c.p.Minimum, c.p.Maximum, got, c.want)
		}
	}
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := enumerate(words, "or"); got != want {
			t.Errorf("%q: got %q, want %q", words, got, want)
		}
	}
	if p := parameter("nothing"); p.Name != "" {
		t.Errorf("an unknown parameter: got %+v, want the zero value", p)
	}
}

// Only commands that change something have --server-timeout.
func TestServerTimeoutFlag(t *testing.T) {
	offered := map[string]bool{"cancel": true, "force": true, "stop": true, "cancel-all": true, "stop-all": true, "reap": true, "data-loss": true, "quorum-loss": true, "restart": true, "node-transition": true}
	for _, cmd := range append(newRoot().Commands(), newStart().Commands()...) {
		if got := cmd.Flags().Lookup("server-timeout") != nil; got != offered[cmd.Name()] {
			t.Errorf("%s: got --server-timeout %t, want %t", cmd.Name(), got, offered[cmd.Name()])
		}
	}
}

// A command is the same whether it is made alone or with the others.
func TestRootOfOneCommand(t *testing.T) {
	for _, cmd := range newRoot().Commands() {
		name := cmd.Name()
		t.Run(name, func(t *testing.T) {
			if made := newRoot(name, "--help").Commands(); len(made) != 1 || made[0].Name() != name {
				t.Errorf("got %d commands, want %s alone", len(made), name)
			}
			want, got := helpOf(t, name), helpOf(t, name, name, "--help")
			if want == "" || got != want {
				t.Errorf("got this help of the command alone:\n%s\nwant the same as with the others:\n%s", got, want)
			}
		})
	}
	for _, args := range [][]string{nil, {""}, {"--help"}, {"help", "cancel"}, {"__complete", ""}, {"cance"}} {
		if got, want := len(newRoot(args...).Commands()), len(newRoot().Commands()); got != want {
			t.Errorf("%q: got %d commands, want all %d", args, got, want)
		}
	}
}

// helpOf returns the help of a command in the program that is made for the arguments.
func helpOf(t *testing.T, name string, args ...string) string {
	t.Helper()
	root := newRoot(args...)
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs([]string{name, "--help"})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
