package abuse_test

import (
	"math"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/abuse"
)

func TestLine(t *testing.T) {
	for _, tc := range []struct {
		name    string
		figures []abuse.Figure
		want    string
		ok      bool
	}{
		{"nothing", nil, "abuse=a ok", true},
		{"at the limits", []abuse.Figure{
			abuse.Memory("rss", 64<<10, 64<<10), abuse.Time("cpu", time.Second, time.Second), abuse.Ratio("cost", 1.15, 1.15), abuse.Count("lost", 0, 0),
		}, "abuse=a rss=+64MB limit=64MB cpu=1s limit=1s cost=1.15x limit=1.15x lost=0 limit=0 ok", true},
		{"too much memory", []abuse.Figure{abuse.Memory("rss", 64<<10+1, 64<<10)}, "abuse=a rss=+64MB limit=64MB short", false},
		{"less memory", []abuse.Figure{abuse.Memory("rss", -3<<10, 64<<10)}, "abuse=a rss=-3MB limit=64MB ok", true},
		{"too long", []abuse.Figure{abuse.Time("cancel", 123456*time.Microsecond, 100*time.Millisecond)}, "abuse=a cancel=123.46ms limit=100ms short", false},
		{"not judged", []abuse.Figure{abuse.Time("cancel", time.Second, time.Millisecond).Free()}, "abuse=a cancel=1s ok", true},
		{"too many times as long", []abuse.Figure{abuse.Ratio("cost", 2.1, 2)}, "abuse=a cost=2.10x limit=2x short", false},
		{"no number", []abuse.Figure{abuse.Ratio("cost", math.NaN(), 2)}, "abuse=a cost=NaNx limit=2x short", false},
		{"one of two", []abuse.Figure{abuse.Count("lost", 1, 0), abuse.Count("late", 0, 0)}, "abuse=a lost=1 limit=0 late=0 limit=0 short", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := abuse.Line("a", tc.figures...)
			if got != tc.want || ok != tc.ok {
				t.Errorf("got %q, %t, want %q, %t", got, ok, tc.want, tc.ok)
			}
		})
	}
}
