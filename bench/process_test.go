package main

import "testing"

// The programs of the cold build, which bench measures only with -cold, compile.
func TestColdBuildOpens(t *testing.T) {
	_, closeAll, err := openColdBuild()
	if err != nil {
		t.Fatal(err)
	}
	if err := closeAll(); err != nil {
		t.Error(err)
	}
}
