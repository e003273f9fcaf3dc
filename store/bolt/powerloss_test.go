package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

var (
	everyLoss = flag.Bool("all", false, "try all images of TestPowerLoss, not a sample of them")
	seed      = flag.Uint64("seed", 1, "seed of TestPowerLoss and of the moments of TestAcknowledgedCommitsSurviveKill")
)

// After a loss of power at any write, whatever the disk did with unsynced data, the store
// opens with every acknowledged transaction and with no partial one.
//
//	go test -run '^TestPowerLoss$' -v ./store/bolt -args -all -seed=2
func TestPowerLoss(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 0))
	r := recordRun(t, random)
	const randoms = 100
	sample := func(v int) bool { return v < 2 || random.IntN(30) == 0 }
	if *everyLoss {
		sample = func(int) bool { return true }
	}
	made, tried, err := r.survive(t, random, randoms, sample)
	if err != nil {
		t.Error(err)
	}
	t.Logf("seed=%d: %d images, %d of them different, at %d boundaries", *seed, made, tried, len(r.events))
}

// The check of TestPowerLoss detects each wrong order of writes and syncs.
func TestPowerLossDetectsWrongOrders(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 0))
	right := recordRun(t, random)
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			r := right
			r.events = b.wrong(slices.Clone(right.events))
			made, tried, err := r.survive(t, random, 10, func(v int) bool { return v < 10 || random.IntN(20) == 0 })
			if err == nil {
				t.Errorf("no damage detected in %d images, %d of them different, want some", made, tried)
				return
			}
			t.Logf("detected in one of the first %d images: %.300v", tried, err)
		})
	}
}

// survive opens the images, several at a time, and returns the first error.
func (r run) survive(t *testing.T, random *rand.Rand, randoms int, sample func(v int) bool) (made int, tried int64, first error) {
	t.Helper()
	work := make(chan loss)
	stop := make(chan struct{})
	var once sync.Once
	var count atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		path := filepath.Join(fastDir(t), "state.db")
		group.Go(func() {
			for l := range work {
				count.Add(1)
				if err := r.open(t, path, l); err != nil {
					once.Do(func() {
						image := filepath.Join(os.TempDir(), fmt.Sprintf("powerloss-%d.db", os.Getpid()))
						first = fmt.Errorf("%s: %w; the image is in %s", l.where, err, image)
						if err := os.WriteFile(image, l.image, 0o600); err != nil {
							first = errors.Join(first, err)
						}
						close(stop)
					})
				}
			}
		})
	}
	made = r.losses(random, randoms, sample, func(l loss) bool {
		select {
		case work <- l:
			return true
		case <-stop:
			return false
		}
	})
	close(work)
	group.Wait()
	return made, count.Load(), first
}

// open opens an image, checks its items, commits to it, and reopens it.
func (r run) open(t *testing.T, path string, l loss) error {
	if err := os.WriteFile(path, l.image, 0o600); err != nil {
		return err
	}
	s, err := bolt.Open(path)
	if err != nil {
		return err
	}
	page, err := s.List(t.Context(), "", "", 1000)
	if err == nil {
		err = r.judge(page, l)
	}
	if err == nil {
		var next store.Revision
		if next, err = s.Commit(t.Context(), writeOf("next", 0)); err == nil && next != page.Revision+1 {
			err = fmt.Errorf("the next commit has revision %d, want %d", next, page.Revision+1)
		}
	}
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	if s, err = bolt.Open(path); err != nil {
		return fmt.Errorf("after another commit: %w", err)
	}
	again, err := s.List(t.Context(), "", "", 1000)
	if err == nil && (again.Revision != page.Revision+1 || len(again.Items) != len(page.Items)+1) {
		err = fmt.Errorf("%d items at revision %d after another commit, want %d at %d",
			len(again.Items), again.Revision, len(page.Items)+1, page.Revision+1)
	}
	return errors.Join(err, s.Close())
}

// judge returns an error if the items of an image are wrong.
func (r run) judge(page store.Page, l loss) error {
	at := page.Revision
	if at < l.floor || at > l.ceiling || at > 0 && !slices.Contains(r.valid, at) {
		return fmt.Errorf("revision %d, want the end of a group from %d (acknowledged) to %d (last written); groups end at %v", at, l.floor, l.ceiling, r.valid)
	}
	want := r.states[at]
	if len(page.Items) != len(want) {
		return fmt.Errorf("%d items at revision %d, want %d", len(page.Items), at, len(want))
	}
	for _, got := range page.Items {
		if item := want[got.Key]; item.Revision != got.Revision || !bytes.Equal(item.Value, got.Value) {
			return fmt.Errorf("%s at revision %d has revision %d and %d bytes, want revision %d and %d bytes",
				got.Key, at, got.Revision, len(got.Value), item.Revision, len(item.Value))
		}
	}
	return nil
}

const (
	traceBegin = "begin"
	traceEnd   = "end"
	traceFile  = ".events" // suffix of the store's path
)

// trace commits one by one and from several goroutines, and prints each
// acknowledgement. It writes the recorder's events to a file.
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

// bbolt makes the syncs that the model of TestPowerLoss assumes, in the same order, and
// Commit returns only after the last of them.
func TestSyncsMatchModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	calls := systemCalls(straced(t, "trace", path, "pwrite64,fdatasync,fsync,ftruncate,write"), path)
	modelled, err := os.ReadFile(path + traceFile)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	syncedAt := make(map[string]string) // the revision that an fdatasync made durable, by index of the event
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
			t.Errorf("%s after %d calls, want at most %d, the last durable revision (%v)", call, len(got), durable, err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("- model, + system calls:\n%s", diff)
	}
	if acks != 25+48 {
		t.Errorf("%d acknowledgements, want %d", acks, 25+48)
	}
	t.Logf("%d system calls as in the model, %d acknowledgements after their syncs", len(got), acks)
}

// A copy is synced before it gets its name, and its name before Backup returns.
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
	// The first is from Open.
	want := []string{"fsync the directory", "write", "fsync the copy", "link", "fsync the directory"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("- want, + system calls:\n%s", diff)
	}
}

// straced runs a task under strace and returns its system calls in the
// order in which they ended, without their threads. A write to the standard output
// is placed where it began.
func straced(t *testing.T, task, path, calls string) []string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("strace is for Linux")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed: syncs are not checked against the system calls")
	}
	log := filepath.Join(t.TempDir(), "strace")
	if out, err := exec.Command(strace, "-o", log, "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: syncs are not checked against the system calls: %v: %s", err, out)
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

// systemCalls returns the system calls on the file, in the format of the model's events, and the
// acknowledgements, between traceBegin and traceEnd.
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
