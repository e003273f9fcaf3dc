package journal_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

// Whoever appends what at the same time, and wherever writes are cut short in between: what is there is what was
// acknowledged, no more and no less, of each writer in its order.
func TestEntriesAreWhatWasAppended(t *testing.T) {
	t.Parallel()
	ids := []uuid.UUID{opA, opB, opC}
	rapid.Check(t, func(rt *rapid.T) {
		dir := filepath.Join(t.TempDir(), "ledger")
		l := open(t, dir)
		want := make(map[uuid.UUID]map[int][]string) // of each writer
		for round := range rapid.IntRange(1, 3).Draw(rt, "rounds") {
			var all sync.WaitGroup
			for writer := range rapid.IntRange(1, 3).Draw(rt, "writers") {
				var entries []wrapper.Entry
				for i := range rapid.IntRange(0, 3).Draw(rt, "entries") {
					id := rapid.SampledFrom(ids).Draw(rt, "operation")
					// Lines as long as the block that the end of the file is read by, too.
					long := rapid.SampledFrom([]int{0, 10, 4000, 70_000}).Draw(rt, "long")
					reason := fmt.Sprintf("%d %d.%d %s", writer, round, i, rapid.StringN(0, long, long).Draw(rt, "reason"))
					after := time.Duration(rapid.IntRange(0, 3).Draw(rt, "time"))
					entries = append(entries, entry(id, after, reason))
					if want[id] == nil {
						want[id] = make(map[int][]string)
					}
					want[id][writer] = append(want[id][writer], reason)
				}
				all.Go(func() {
					for _, e := range entries {
						if err := l.Append(context.Background(), e); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			for _, file := range []string{fileA, "c0.jsonl"} {
				cut(rt, t, filepath.Join(dir, file))
			}
		}
		total := 0
		for _, id := range ids {
			got := make(map[int][]string)
			for _, e := range entriesOf(t, l, id) {
				var writer int
				_, err := fmt.Sscan(e.Reason, &writer)
				must(t, err)
				got[writer] = append(got[writer], e.Reason)
				total++
			}
			if len(got) != len(want[id]) {
				rt.Fatalf("%s: entries of %d writers, want %d", id, len(got), len(want[id]))
			}
			for writer, reasons := range want[id] {
				if !slices.Equal(got[writer], reasons) {
					rt.Fatalf("%s: writer %d: %.300q, want %.300q", id, writer, got[writer], reasons)
				}
			}
		}
		told, errs := trailOf(t, l, ledger.Query{})
		if errs != nil || len(told) != total || !slices.IsSortedFunc(told, func(a, b wrapper.Entry) int { return a.Time.Compare(b.Time) }) {
			rt.Fatalf("a trail of %d of %d, or not in order: %v", len(told), total, errs)
		}
	})
}

// cut leaves at the end of a file a part of a line, as somebody who died would.
func cut(rt *rapid.T, t *testing.T, path string) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return // nobody has written there
	}
	part := rapid.SampledFrom([]string{"", "{", `{"time":"2200-03-01T12:00:00Z","operationId":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"`}).Draw(rt, "part")
	_, err = file.WriteString(part)
	must(t, err)
	must(t, file.Close())
}
