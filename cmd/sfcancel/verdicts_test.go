package main

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/wrapper"
)

// What is as it was asked for is no failure to a script, and a start that is repeated is that.
func TestExitCodesOfVerdicts(t *testing.T) {
	for verdict, want := range map[wrapper.Verdict]int{
		wrapper.Accepted: exitOK, wrapper.AlreadyStarted: exitOK, wrapper.AlreadyStopping: exitOK, wrapper.AlreadyForced: exitOK,
		wrapper.Finished: exitOK, wrapper.NotFound: exitNotFound,
	} {
		for _, output := range []string{"table", "json"} {
			var out strings.Builder
			cmd := new(cobra.Command)
			cmd.SetOut(&out)
			cmd.SetErr(io.Discard)
			cmd.SetContext(t.Context())
			err := (&connection{output: output}).print(cmd, nil, []ending{{result: wrapper.Result{Verdict: verdict}}}, "")
			if got := exitCode(err); got != want || !strings.Contains(out.String(), string(verdict)) {
				t.Errorf("%s: exit %d, want %d: %s", verdict, got, want, out.String())
			}
		}
	}
	if _, help, _ := sfcancel(t, "start", "--help"); !strings.Contains(help, "AlreadyStarted, the exit code is 0") {
		t.Errorf("the help of start does not tell of it:\n%s", help)
	}
}
