package main

import (
	"bytes"
	"testing"
)

// A command is the same whether it was made alone or with the others.
func TestRootOfOneCommand(t *testing.T) {
	for _, cmd := range newRoot().Commands() {
		name := cmd.Name()
		t.Run(name, func(t *testing.T) {
			if made := newRoot(name, "--help").Commands(); len(made) != 1 || made[0].Name() != name {
				t.Errorf("got %d commands, want %s alone", len(made), name)
			}
			want, got := helpOf(t, name), helpOf(t, name, name, "--help")
			if want == "" || got != want {
				t.Errorf("its help alone:\n%s\nwith the others:\n%s", got, want)
			}
		})
	}
	for _, args := range [][]string{nil, {""}, {"--help"}, {"help", "cancel"}, {"__complete", ""}, {"cance"}} {
		if got, want := len(newRoot(args...).Commands()), len(newRoot().Commands()); got != want {
			t.Errorf("%q: got %d commands, want all %d", args, got, want)
		}
	}
}

// helpOf is what a command says of itself in the program that is made for the arguments.
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
