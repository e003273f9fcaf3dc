package main

import (
	"flag"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

var ledgerSize = flag.Int("ledger-size", 300_000, "how many entries the ledger of BenchmarkCommand holds")

// manyEntries yields n entries, three of each operation.
func manyEntries(n int) iter.Seq2[wrapper.Entry, error] {
	return func(yield func(wrapper.Entry, error) bool) {
		for i := range n {
			e := wrapper.Entry{
				Time: time.Now().Add(-time.Hour), OperationID: uuid.UUID{byte(i * 256 / n), 13: byte(i / 3 >> 16), 14: byte(i / 3 >> 8), 15: byte(i / 3)},
				Cluster: "https://sf1.example.com:19080", Action: "graceful", Outcome: "done",
				Verdict: wrapper.Accepted, State: wrapper.StateRollingBack, Reason: "end of the drill", By: "ann@ops-1",
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// BenchmarkCommand measures the median cost of a command with a large ledger and without one.
func BenchmarkCommand(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "ledger")
	if err := journal.Create(b.Context(), dir, manyEntries(*ledgerSize)); err != nil {
		b.Fatal(err)
	}
	url, _ := blind(b)
	for _, args := range [][]string{{"cancel"}, {"force", "--policy", "server-decides"}} {
		b.Run(fmt.Sprintf("%s/%d", args[0], *ledgerSize), func(b *testing.B) {
			cpu, took := make(map[string][]time.Duration), make(map[string][]time.Duration)
			for b.Loop() {
				for _, to := range []string{"none", "file:" + dir} { // alternating, so that the load of the machine is the same for both
					cmd := exec.Command(os.Args[0], confirmed(append(args, uuid.NewString(), "--endpoint", url, "--ledger", to))...)
					cmd.Env = append(os.Environ(), asProgram+"=1")
					begin := time.Now()
					if out, err := cmd.CombinedOutput(); err != nil {
						b.Fatal(err, string(out))
					}
					took[to] = append(took[to], time.Since(begin))
					cpu[to] = append(cpu[to], cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
				}
			}
			for what, of := range map[string]map[string][]time.Duration{"cpu": cpu, "time": took} {
				without, with := median(of["none"]), median(of["file:"+dir])
				b.ReportMetric(without, what+"-ms-without")
				b.ReportMetric((with - without), what+"-ms-more")
			}
		})
	}
}

// median returns the median in milliseconds.
func median(of []time.Duration) float64 {
	slices.Sort(of)
	return float64(of[len(of)/2].Microseconds()) / 1000
}

// BenchmarkTakeOver measures the import of the ledger of an earlier release.
func BenchmarkTakeOver(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "ledger")
	st, err := bolt.Open(dir + ".db")
	if err != nil {
		b.Fatal(err)
	}
	var writes []store.Write
	for e, err := range manyEntries(*ledgerSize) {
		if err != nil {
			b.Fatal(err)
		}
		writes = append(writes, store.Write{
			Key:   fmt.Sprintf("ledger/%s/%020d-%d", e.OperationID, e.Time.UnixNano(), len(writes)),
			Value: fmt.Appendf(nil, `{"time":%q,"operationId":%q,"action":"graceful","verdict":"Accepted","reason":"end of the drill"}`, e.Time.UTC().Format(time.RFC3339Nano), e.OperationID),
		})
		if len(writes) == store.MaxOps {
			if _, err := st.Commit(b.Context(), store.Txn{Then: writes}); err != nil {
				b.Fatal(err)
			}
			writes = nil
		}
	}
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := os.RemoveAll(dir); err != nil {
			b.Fatal(err)
		}
		if err := takeOver(b.Context(), dir, dir+".db"); err != nil {
			b.Fatal(err)
		}
	}
}
