package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
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
				t.Errorf("%s: %d columns: %s", cmd.CommandPath(), n, line)
			}
		}
		if cmd.Runnable() && !cmd.HasSubCommands() && cmd.Example == "" && cmd.Name() != "help" && cmd.Name() != "demo" && cmd.Parent().Name() != "store" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot())
}

// Every command line of every help text makes sense: it is run with --dry-run or against a cluster that is frozen, where
// no exit code is that of a command line that makes none.
func TestExamplesMakeSense(t *testing.T) {
	url := serveInTest(t, "--freeze")
	t.Setenv("SFCANCEL_ENDPOINT", url)
	id := start(t, url, append(dataLoss, "--id", "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")...)
	if id == "" {
		t.Fatal("no operation")
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
		t.Fatalf("only %d examples", len(lines))
	}
	for _, line := range lines {
		words, err := splitWords(strings.NewReplacer("source <(", "", ")", "", " > ", " #").Replace(line))
		if err != nil || words[0] != "sfcancel" {
			t.Errorf("%s: %v", line, err)
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
		case "serve", "store": // of files and addresses that are not there
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
				continue // scripts have files for them
			}
		}
		if code, out, errs := sfcancel(t, args...); code == exitUsage || code == exitFailed {
			t.Errorf("%s: exit %d: %s%s", line, code, out, errs)
		}
	}
}

// The table for those who come from sfctl names commands and flags that there are.
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
				t.Errorf("%s: %v", code, err)
			}
			looked++
		}
	}
	if looked < 20 {
		t.Errorf("only %d commands", looked)
	}
}
