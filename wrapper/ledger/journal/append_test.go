package journal_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

var (
	kills = flag.Int("kills", 10, "number of times TestAcknowledgedEntriesSurviveKill kills the processes")
	seed  = flag.Uint64("seed", 1, "seed for the times at which they are killed")
)

// If childDir is set, the test binary does childTask with the ledger in that directory, and exits.
const (
	childDir  = "JOURNAL_TEST_DIR"
	childTask = "JOURNAL_TEST_TASK"
)

// child runs the task of a child process.
func child(dir, task string) {
	l, err := journal.New(dir)
	if err == nil {
		err = map[string]func(*journal.Ledger, string) error{"append": appendForever, "sync": syncAll}[task](l, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// appendForever appends entries of a few operations, some of them so old that the files are cleaned up all the
// time. It prints each young entry once it is acknowledged.
func appendForever(l *journal.Ledger, _ string) error {
	errs := make(chan error)
	for worker := range 2 {
		go func() {
			for i := 0; ; i++ {
				id := uuid.UUID{byte(i % 3), 15: byte(worker)}
				e := wrapper.Entry{Time: time.Now(), OperationID: id, Action: "force", Reason: fmt.Sprintf("%d-%d-%d", os.Getpid(), worker, i)}
				old := wrapper.Entry{Time: time.Now().AddDate(-1, 0, 0), OperationID: id, Reason: "old"}
				for _, e := range []wrapper.Entry{e, old}[:1+i%2] {
					if err := l.Append(context.Background(), e); err != nil {
						errs <- err
					}
				}
				// A single write, so that lines of two goroutines do not mix.
				if _, err := io.WriteString(os.Stdout, id.String()+" "+e.Reason+"\n"); err != nil {
					errs <- err
				}
			}
		}()
	}
	return <-errs
}

// syncAll writes once in each possible way, and prints the name of each step after it.
func syncAll(l *journal.Ledger, dir string) error {
	ctx := context.Background()
	for _, step := range []struct {
		name string
		err  func() error
	}{
		{"begin", func() error { return nil }},
		{"created", func() error { return journal.Create(ctx, dir+"2", all(entry(opA, 0, ""))) }},
		{"first", func() error { return l.Append(ctx, entry(opC, 0, "")) }},
		{"second", func() error { return l.Append(ctx, entry(opC, 0, "")) }},
		{"cleaned", func() error {
			other := opC // an operation in the same file, without an entry that stays
			other[15]++
			return l.Append(ctx, wrapper.Entry{Time: time.Now().AddDate(-1, 0, 0), OperationID: other})
		}},
	} {
		if err := step.err(); err != nil {
			return err
		}
		fmt.Println(step.name)
	}
	return nil
}

// When processes that append to the same files are killed at random times, no acknowledged entry is lost, no entry is
// stored twice, and no line is damaged.
func TestAcknowledgedEntriesSurviveKill(t *testing.T) {
	t.Parallel()
	const processes, mostMilliseconds = 4, 120
	random := rand.New(rand.NewPCG(*seed, 0))
	dir := filepath.Join(t.TempDir(), "ledger")
	acknowledged := make(map[string]string) // operations by reason
	var mu sync.Mutex
	for range *kills {
		var group sync.WaitGroup
		for range processes {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childDir+"="+dir, childTask+"=append")
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			must(t, err)
			must(t, cmd.Start())
			pause := time.Duration(random.IntN(mostMilliseconds*1000)) * time.Microsecond
			group.Go(func() {
				lines := bufio.NewScanner(out)
				killed := false
				for lines.Scan() { // up to the last line before the kill
					if id, reason, ok := strings.Cut(lines.Text(), " "); ok {
						mu.Lock()
						acknowledged[reason] = id
						mu.Unlock()
					}
					if !killed {
						killed = true
						time.AfterFunc(pause, func() { _ = cmd.Process.Kill() })
					}
				}
				if err := cmd.Wait(); !killed || cmd.ProcessState.Exited() {
					t.Errorf("the process exited: %v, want it killed", err)
				}
			})
		}
		group.Wait()
	}
	l := open(t, dir)
	seen := make(map[string]string)
	for shard := range 3 {
		for worker := range 2 {
			id := uuid.UUID{byte(shard), 15: byte(worker)}
			for _, e := range entriesOf(t, l, id) {
				if e.Reason == "old" {
					continue
				}
				if seen[e.Reason] != "" {
					t.Errorf("got entry %s twice, want once", e.Reason)
				}
				seen[e.Reason] = id.String()
			}
		}
	}
	lost := 0
	for reason, id := range acknowledged {
		if seen[reason] != id {
			t.Errorf("entry %s: got operation %q, want %q", reason, seen[reason], id)
			lost++
		}
	}
	if _, errs := trailOf(t, l, ledger.Query{}); errs != nil {
		t.Errorf("trail: got %v, want no errors", errs)
	}
	t.Logf("seed=%d kills=%d acknowledged=%d lost=%d", *seed, *kills*processes, len(acknowledged), lost)
}

// A reader sees no damage while Append replaces unfinished lines.
func TestReadWhileCut(t *testing.T) {
	t.Parallel()
	l, dir := filled(t, three...)
	path := filepath.Join(dir, fileA)
	done := make(chan struct{})
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := l.Entries(t.Context(), opA); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 100 {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		must(t, err)
		_, err = file.WriteString(`{"time":"2200-03-01T12:00:00Z","operationId":"` + strings.Repeat("x", i*50))
		must(t, err)
		must(t, file.Close())
		must(t, l.Append(t.Context(), entry(opB, 0, strings.Repeat("y", i*40))))
	}
	close(done)
	group.Wait()
}
