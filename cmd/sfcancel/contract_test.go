package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/generated"
)

// What the help of a flag says of a parameter is what the document has.
func TestHelpIsOfTheDocument(t *testing.T) {
	for _, c := range []struct{ command, flag, usage, value string }{
		{"cancel", "api-version", "api-version of the requests; 3.0 and 6.0 are documented", "6.0"},
		{"list", "api-version", "api-version of the requests; 3.0 and 6.0 are documented", "6.0"},
		{"cancel", "server-timeout", "time the server may take for each request, in whole seconds from 1 to 4294967295; from api-version 6.0 on (default what is left, 60s at most)", "0s"},
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

// A shell offers the values of the document, and not what it reserves.
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
		if want := append(slices.Clone(c.want), ":4"); code != exitOK || !slices.Equal(got, want) { // 4 is no names of files
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
		t.Errorf("a parameter that does not exist is %+v, want none", p)
	}
}
