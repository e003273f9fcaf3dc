package hresult_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/sfcancel/sfcancel/internal/hresult"
)

// The table is whole, and leads back: the complete status table, and the codes that fault operations end with by their signed numbers,
// which are the same where a code is in both.
func TestHRESULT(t *testing.T) {
	text, err := os.ReadFile("hresults.txt")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^([A-Z0-9_]+) ([0-9A-F]{8}|-[0-9]+)$`).FindAllStringSubmatch(string(text), -1)
	if len(rows) != 161+15+3 { // the status table has 162, and one is an internal value without a name
		t.Errorf("%d rows, want 161, 15 and 3", len(rows))
	}
	for _, row := range rows {
		base := 16
		if row[2][0] == '-' {
			base = 10
		}
		n, err := strconv.ParseInt(row[2], base, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := hresult.Number(row[1]); !ok || got != int32(n) {
			t.Errorf("%s is %d (%t), want %d", row[1], got, ok, int32(n))
		}
		if got := hresult.Name(int32(n)); got != row[1] {
			t.Errorf("%d is %q, want %q", int32(n), got, row[1])
		}
	}
	for _, n := range []int32{0, 1, -1} {
		if got := hresult.Name(n); got != "" {
			t.Errorf("%d is %q, want no name", n, got)
		}
	}
}
