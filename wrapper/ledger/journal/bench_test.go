package journal_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

// large returns a ledger of n entries, three for each operation, and one of the operations.
func large(b *testing.B, n int) (l *journal.Ledger, some uuid.UUID) {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "ledger")
	must(b, journal.Create(context.Background(), dir, func(yield func(wrapper.Entry, error) bool) {
		for i := range n / 3 {
			some = uuid.UUID{byte(i * 256 / (n / 3)), 12: byte(i >> 16), 13: byte(i >> 8), 14: byte(i)}
			for j := range 3 {
				if !yield(entry(some, 0, fmt.Sprint("the reason of somebody ", j)), nil) {
					return
				}
			}
		}
	}))
	return open(b, dir), some
}

// The cost of each call by the number of entries in the ledger.
func BenchmarkLedger(b *testing.B) {
	for _, n := range []int{3_000, 300_000} {
		l, some := large(b, n)
		b.Run(fmt.Sprintf("Entries/%d", n), func(b *testing.B) {
			for b.Loop() {
				if got := entriesOf(b, l, some); len(got) != 3 {
					b.Fatalf("got %d entries, want 3", len(got))
				}
			}
		})
		b.Run(fmt.Sprintf("Append/%d", n), func(b *testing.B) {
			for b.Loop() {
				must(b, l.Append(context.Background(), entry(opA, 0, "")))
			}
		})
		b.Run(fmt.Sprintf("Trail/%d", n), func(b *testing.B) {
			for b.Loop() {
				if got, errs := trailOf(b, l, ledger.Query{}); len(got) < n || errs != nil {
					b.Fatalf("got %d entries, %v, want at least %d, no errors", len(got), errs, n)
				}
			}
		})
	}
}
