package main

import (
	"regexp"
	"strings"
	"testing"
)

// The demonstration of "make run" succeeds in both profiles. It compares every line with the
// records of the server and the wire itself.
func TestDemo(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"documented", "runtime"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			code, out, errs := sfcancel(t, "demo", "--profile", profile)
			if code != exitOK || errs != "" {
				t.Fatalf("exit %d, want %d and nothing on standard error:\n%s%s", code, exitOK, out, errs)
			}
			_, table, _ := strings.Cut(out, "FINAL STATE")
			for _, row := range []string{
				`PartitionDataLoss +force first +refused locally: .* Cancelled +0`,
				`PartitionDataLoss +graceful, api-version 3\.0 +Accepted +Cancelled +1`,
				`PartitionQuorumLoss +graceful, api-version 6\.0, timeout 5s +Accepted +Cancelled +1`,
				`PartitionRestart +force +Accepted +ForceCancelled +1`,
				`NodeTransition +force, its answer lost on the wire +Accepted \(resolved\) +ForceCancelled +3`,
				`- +graceful, unknown id +NotFound \(resolved\) +- +2`,
			} {
				if !regexp.MustCompile(row).MatchString(table) {
					t.Errorf("got\n%s\nwant a row that matches %s", table, row)
				}
			}
		})
	}
}
