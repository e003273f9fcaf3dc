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
	kills = flag.Int("kills", 10, "how often TestAcknowledgedEntriesSurviveKill kills the processes")
	seed  = flag.Uint64("seed", 1, "seed of the moments at which they are killed")
)

// childDir makes the test binary a process that does childTask with the ledger in a directory.
const (
	childDir  = "JOURNAL_TEST_DIR"
	childTask = "JOURNAL_TEST_TASK"
)

// child is that process.
func child(dir, task string) {
	l, err := journal.New(dir)
	if err == nil {
		err = map[string]func(*journal.Ledger, string) error{"append": appendForEver, "sync": syncAll}[task](l, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// appendForEver appends entries of a few operations, some of them so old that files are written anew all the
// time, and prints each young one once it is acknowledged.
func appendForEver(l *journal.Ledger, _ string) error {
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
				// One write each, so that lines of two goroutines do not mix.
				if _, err := io.WriteString(os.Stdout, id.String()+" "+e.Reason+"\n"); err != nil {
					errs <- err
				}
			}
		}()
	}
	return <-errs
}

// syncAll writes once in each way there is, and says so after each.
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
			other := opC // in the same file, and with no entry that stays
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

// Of processes that append to the same files all at once and are killed at any moment, nothing that was
// acknowledged is lost, nothing is there twice, and nothing is damaged.
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
				for lines.Scan() { // also what was printed before the kill
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
					t.Errorf("it has ended by itself: %v", err)
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
					t.Errorf("%s is there twice", e.Reason)
				}
				seen[e.Reason] = id.String()
			}
		}
	}
	lost := 0
	for reason, id := range acknowledged {
		if seen[reason] != id {
			t.Errorf("%s of %s is lost", reason, id)
			lost++
		}
	}
	if _, errs := trailOf(t, l, ledger.Query{}); errs != nil {
		t.Error(errs)
	}
	t.Logf("seed=%d kills=%d acknowledged=%d lost=%d", *seed, *kills*processes, len(acknowledged), lost)
}

// Who reads while unfinished lines are cut off and written over sees no damage that is not there.
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
