package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A server copies its store while it serves, and each copy can be served in its place.
func TestServeBackup(t *testing.T) {
	dir := t.TempDir()
	copies := filepath.Join(dir, "copies")
	if err := os.Mkdir(copies, 0o700); err != nil {
		t.Fatal(err)
	}
	url := serveInTest(t, "--store", "bolt:"+filepath.Join(dir, "faults.db"), "--backup", copies, "--backup-every", "20ms")
	id := start(t, url, dataLoss...)
	copied := func() []os.DirEntry {
		entries, err := os.ReadDir(copies)
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}
	// Two more: the second one has begun after the start was answered.
	before := len(copied())
	for deadline := time.Now().Add(time.Minute); len(copied()) < before+3; {
		if time.Now().After(deadline) {
			t.Fatalf("%d copies, of which %d are newer than the operation", len(copied()), len(copied())-before)
		}
		time.Sleep(time.Millisecond)
	}
	var latest string
	for _, entry := range copied() {
		if !strings.Contains(entry.Name(), ".new-") { // one is being made
			latest = entry.Name() // they are in the order of their times
		}
	}
	if !strings.HasPrefix(latest, "faults.db.2") {
		t.Errorf("a copy is called %s", latest)
	}
	again := serveInTest(t, "--store", "bolt:"+filepath.Join(copies, latest))
	if code, out, errs := sfcancel(t, "list", "--endpoint", again); code != exitOK || !strings.Contains(out, id) {
		t.Errorf("the copy lists %s%s", out, errs)
	}
}
