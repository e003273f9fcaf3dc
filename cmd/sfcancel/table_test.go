package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// A table has as many columns as fit, and cuts the last of them.
func TestTableFits(t *testing.T) {
	header := []string{"ID", "KIND", "STATE", "AGE", "TARGET", "STARTED-BY", "ENDED-WHY"}
	rows := [][]string{
		{"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01", "data-loss", "RollingBack", "12m", "fabric:/shop/ördérs 0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11", "ann@host", "graceful by ann@host: end of the drill"},
		{"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d02", "node-transition", "ForceCancelled", "2d", "_Node_0", "-", "two\nlines"},
	}
	for _, width := range []int{0, 20, 80, 100, 132, 200} {
		var b strings.Builder
		if err := (grid{width: width}).write(&b, header, rows); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(lines) != 3 {
			t.Errorf("width %d: got %d lines, want 3", width, len(lines))
		}
		for _, line := range lines {
			if n := utf8.RuneCountInString(line); width > 0 && n > width || strings.HasSuffix(line, " ") {
				t.Errorf("got %d columns, want %d at most without a space at the end: %q", n, width, line)
			}
		}
		golden(t, "tables/"+map[int]string{0: "wide", 20: "20", 80: "80", 100: "100", 132: "132", 200: "200"}[width], b.String())
	}
	var b strings.Builder
	if err := (grid{colour: true}).write(&b, []string{"STATE"}, [][]string{{"Faulted"}, {"Running"}}); err != nil || b.String() != "STATE\n\x1b[31mFaulted\x1b[0m\nRunning\n" {
		t.Errorf("got %q, %v, want Faulted in colour and Running without", b.String(), err)
	}
}
