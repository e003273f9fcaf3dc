package main

import "testing"

// The programs compile that are built with an empty cache only when asked for.
func TestColdBuildOpens(t *testing.T) {
	_, closeAll, err := openColdBuild()
	if err != nil {
		t.Fatal(err)
	}
	if err := closeAll(); err != nil {
		t.Error(err)
	}
}
