package bolt_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

const (
	traceBegin = "begin"
	traceEnd   = "end"
	traceFile  = ".events" // after the path of the store
)

// trace commits one by one and from several goroutines, and prints each
// acknowledgement. What the recorder made of it goes to a file.
func trace(s *bolt.Store) error {
	path := os.Getenv(childPath)
	rec, err := record(s, path)
	if err != nil {
		return err
	}
	say := func(line string) { _, _ = io.WriteString(os.Stdout, line+"\n") }
	commit := func(txn store.Txn) error {
		at, err := s.Commit(context.Background(), txn)
		if err == nil {
			rec.acknowledge(at, func() { say(fmt.Sprintf("ack %d", at)) })
		}
		return err
	}
	random := rand.New(rand.NewPCG(1, 0))
	say(traceBegin)
	for range 25 {
		if err := commit(randomTxn(random)); err != nil {
			return err
		}
	}
	const writers, each = 8, 6
	errs := make([]error, writers)
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			for range each {
				if err := commit(randomTxn(random)); err != nil {
					errs[w] = err
				}
			}
		})
	}
	group.Wait()
	say(traceEnd)
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	var lines strings.Builder
	for _, e := range rec.events {
		switch {
		case e.kind == acknowledged:
		case e.kind == datasynced && e.revision > 0, e.isMeta():
			fmt.Fprintf(&lines, "%v %d\n", e, e.revision)
		default:
			fmt.Fprintf(&lines, "%v\n", e)
		}
	}
	return os.WriteFile(path+traceFile, []byte(lines.String()), 0o600)
}

// The syncs that the model of TestPowerLoss takes for granted are made, in the order in
// which it has them, and Commit returns only after the last of them.
func TestSyncsAreWhereTheModelHasThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	calls := systemCalls(straced(t, "trace", path, "pwrite64,fdatasync,fsync,ftruncate,write"), path)
	modelled, err := os.ReadFile(path + traceFile)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	syncedAt := make(map[string]string) // the revision that an fdatasync made durable, by number of the event
	for line := range strings.Lines(string(modelled)) {
		fields := strings.Fields(line)
		switch {
		case fields[0] == "fdatasync" && len(fields) == 2:
			syncedAt[fmt.Sprint(len(want))] = fields[1]
			fields = fields[:1]
		case len(fields) == 4:
			fields = fields[:3]
		}
		want = append(want, strings.Join(fields, " "))
	}
	acks, durable := 0, 0
	for _, call := range calls {
		if !strings.HasPrefix(call, "ack ") {
			if revision := syncedAt[fmt.Sprint(len(got))]; revision != "" && call == "fdatasync" {
				_, _ = fmt.Sscan(revision, &durable)
			}
			got = append(got, call)
			continue
		}
		acks++
		var revision int
		if _, err := fmt.Sscanf(call, "ack %d", &revision); err != nil || revision > durable {
			t.Errorf("%s after %d calls, when the last revision on the disk was %d (%v)", call, len(got), durable, err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("- model, + system calls:\n%s", diff)
	}
	if acks != 25+48 {
		t.Errorf("%d acknowledgements", acks)
	}
	t.Logf("%d system calls as in the model, %d acknowledgements after their syncs", len(got), acks)
}

// A copy is on the disk before it has its name, and its name before Backup returns.
func TestBackupIsSynced(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "state.db")
	var got []string
	for _, line := range straced(t, "backup once", path, "write,fsync,linkat,/^rename") {
		what, ok := "", true
		switch draft := strings.Contains(line, path+".copy.new-"); {
		case strings.HasPrefix(line, "write(") && draft:
			what = "write"
		case strings.HasPrefix(line, "fsync(") && draft:
			what = "fsync the copy"
		case strings.HasPrefix(line, "linkat(") && draft:
			what = "link"
		case strings.HasPrefix(line, "rename"):
			what = "rename"
		case strings.HasPrefix(line, "fsync(") && strings.Contains(line, "<"+dir+">"):
			what = "fsync the directory"
		default:
			ok = false
		}
		if ok && (len(got) == 0 || got[len(got)-1] != what) {
			got = append(got, what)
		}
	}
	// Open has synced the directory at first.
	want := []string{"fsync the directory", "write", "fsync the copy", "link", "fsync the directory"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("- want, + system calls:\n%s", diff)
	}
}

// straced runs a task under strace, and returns the system calls that it made, in the
// order in which they ended, without their threads. A write to the standard output
// stands where it began.
func straced(t *testing.T, task, path, calls string) []string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("strace is for Linux")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: what is synced, and when, is not checked against the system calls")
	}
	log := filepath.Join(t.TempDir(), "strace")
	if out, err := exec.Command(strace, "-o", log, "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here, so what is synced, and when, is not checked against the system calls: %v: %s", err, out)
	}
	cmd := exec.Command(strace, "-f", "-y", "-s", "32", "-e", "trace="+calls, "-e", "signal=none", "-o", log, os.Args[0])
	cmd.Env = append(os.Environ(), childTask+"="+task, childPath+"="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	begun := make(map[string]string) // by thread
	for line := range strings.Lines(string(content)) {
		thread, line, _ := strings.Cut(line, " ")
		line = strings.TrimSpace(line)
		if rest, unfinished := strings.CutSuffix(line, "<unfinished ...>"); unfinished {
			begun[thread] = strings.TrimSpace(rest)
			if !strings.HasPrefix(line, "write(1<") {
				continue
			}
			line = begun[thread] + ") = 0"
		} else if _, rest, resumed := strings.Cut(line, " resumed>"); resumed {
			if strings.HasPrefix(begun[thread], "write(1<") {
				continue
			}
			line = begun[thread] + rest
		}
		lines = append(lines, line)
	}
	return lines
}

var (
	straceCall  = regexp.MustCompile(`^(\w+)\(\d+<([^>]*)>(?:, (.*))?\) += \d+$`)
	straceWrite = regexp.MustCompile(`^"(.*)"(?:\.\.\.)?, (\d+)(?:, (\d+))?$`)
)

// systemCalls are those on the file, as the events of the model print, and the
// acknowledgements, between the two marks.
func systemCalls(lines []string, path string) []string {
	var calls []string
	between := false
	for _, line := range lines {
		match := straceCall.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		call, file, args := match[1], match[2], match[3]
		written := straceWrite.FindStringSubmatch(args)
		switch {
		case call == "write" && strings.HasPrefix(line, "write(1<") && written != nil:
			switch said := strings.TrimSuffix(written[1], `\n`); said {
			case traceBegin:
				between = true
			case traceEnd:
				between = false
			default:
				calls = append(calls, said)
			}
		case file != path || !between:
		case call == "pwrite64" && written != nil:
			calls = append(calls, fmt.Sprintf("pwrite64 %s %s", written[3], written[2]))
		case call == "ftruncate":
			calls = append(calls, "ftruncate "+args)
		default:
			calls = append(calls, call)
		}
	}
	return calls
}
