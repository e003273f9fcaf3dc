package journal_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

var traced = regexp.MustCompile(`^\d+ +(\w+)\((?:\d+<([^>]*)>|"[^"]*"|AT_FDCWD<[^>]*>, "[^"]*")(?:.*"([^"]*)")?`)

// An acknowledged entry and the names of its files are on the disk: the system calls are made in this order.
func TestSyncs(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed, so the order of writes and syncs is not checked")
	}
	above, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	log := filepath.Join(t.TempDir(), "strace")
	if out, err := exec.Command(strace, "-o", log, "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here, so the order of writes and syncs is not checked: %v: %s", err, out)
	}
	cmd := exec.Command(strace, "-f", "-y", "-s", "32", "-e", "trace=write,fsync,/^rename", "-e", "signal=none", "-o", log, os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+filepath.Join(above, "ledger"), childTask+"=sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("strace: got %v, want nil: %s", err, out)
	}
	var got []string
	for line := range strings.Lines(content(t, log)) {
		match := traced.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		call, path, text := match[1], match[2], match[3]
		switch {
		case strings.HasPrefix(call, "rename"):
			path = text
		case call == "write" && strings.HasPrefix(path, "pipe:"):
			got = append(got, strings.TrimSuffix(text, `\n`))
			continue
		}
		if name, err := filepath.Rel(above, path); err == nil && !strings.HasPrefix(name, "..") || path == above {
			got = append(got, strings.TrimSuffix(call, "at")+" "+name)
		}
	}
	want := []string{
		"begin",
		"write ledger2.new/5b.jsonl", "fsync ledger2.new/5b.jsonl", "fsync ledger2.new", "rename ledger2", "fsync .", "created",
		"fsync .", "write ledger/c0.jsonl", "fsync ledger/c0.jsonl", "fsync ledger", "first",
		"write ledger/c0.jsonl", "fsync ledger/c0.jsonl", "second",
		"write ledger/c0.jsonl", "fsync ledger/c0.jsonl", "write ledger/c0.tmp", "fsync ledger/c0.tmp", "rename ledger/c0.jsonl", "fsync ledger", "cleaned",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("system calls: want (-), got (+):\n%s", diff)
	}
}

// A named pipe in place of a file is refused, because opening it would block regardless of the context.
func TestPipes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"5b.lock", fileA} {
		l, dir := filled(t, entry(opA, 0, ""))
		path := filepath.Join(dir, name)
		must(t, os.Remove(path))
		must(t, syscall.Mkfifo(path, 0o600))
		if err := l.Append(t.Context(), entry(opA, 1, "")); !errors.Is(err, store.ErrForeign) {
			t.Errorf("%s: append: got %v, want %v", name, err, store.ErrForeign)
		}
		if got, err := l.Entries(t.Context(), opA); (err == nil) != (name != fileA) || err == nil && len(got) != 1 {
			t.Errorf("%s: entries: got %v, %v, want one entry, or an error for %s", name, got, err, fileA)
		}
	}
	dir := filepath.Join(t.TempDir(), "ledger")
	must(t, syscall.Mkfifo(dir+".lock", 0o600))
	err := journal.Create(t.Context(), dir, func(func(wrapper.Entry, error) bool) {})
	if _, statErr := os.Stat(dir); !errors.Is(err, store.ErrForeign) || !errors.Is(statErr, os.ErrNotExist) {
		t.Errorf("create: got %v, want %v; directory: got %v, want %v", err, store.ErrForeign, statErr, os.ErrNotExist)
	}
}
