package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// ms returns rounds of two sides, in milliseconds.
func ms(pairs ...[2]int) (rows [][]sample) {
	for _, p := range pairs {
		rows = append(rows, []sample{{cpu: time.Duration(p[0]) * time.Millisecond}, {cpu: time.Duration(p[1]) * time.Millisecond}})
	}
	return rows
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name string
		rows [][]sample
		want spread
	}{
		{"one round", ms([2]int{6, 3}), spread{2, 2, 2}},
		{"ratios within a round, not of sums", ms([2]int{10, 10}, [2]int{200, 100}, [2]int{3000, 1000}), spread{2, 1, 3}},
		{"an even number of rounds", ms([2]int{1, 1}, [2]int{2, 1}, [2]int{4, 1}, [2]int{9, 1}), spread{3, 1, 9}},
		{"a clock that stood still", ms([2]int{4, 0}, [2]int{2, 1}), spread{2, 2, 2}},
		{"no rounds", nil, spread{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := compare(c.rows, 0, 1, cpu); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestRaceTakesTurns(t *testing.T) {
	var order []string
	mark := func(name string) side {
		return side{name: name, many: func(int) error {
			order = append(order, name)
			time.Sleep(time.Millisecond)
			return nil
		}}
	}
	rows, err := race([]side{mark("a"), mark("b")}, this, pace{rounds: 4, time: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order[len(order)-8:], ""); got != "abbaabba" || len(rows) != 4 {
		t.Errorf("got %d rounds in the order %q, want 4 in the order abbaabba", len(rows), got)
	}
}

func TestVerdicts(t *testing.T) {
	broken := errors.New("it\nfails")
	for _, c := range []struct {
		name  string
		goal  goal
		sides []side
		err   error
		ok    bool
		line  string // the beginning of the line
		had   bool
	}{
		{"fast", goal{name: "g", base: "b", limit: 1e9}, []side{once("a", nothing), once("b", nothing)}, nil, true, "goal=g ratio=", false},
		{"slow", goal{name: "g", base: "b", limit: 0.01}, []side{once("a", nothing), once("b", nothing)}, nil, false, "goal=g ratio=", false},
		{"few bytes", goal{name: "g", most: cost{bytes: 1 << 20}}, []side{once("a", allocate)}, nil, true, "goal=g bytes=", false},
		{"many bytes", goal{name: "g", most: cost{bytes: 10}}, []side{once("a", allocate)}, nil, false, "goal=g bytes=", false},
		{"many allocations", goal{name: "g", base: "b", limit: 1e9, most: cost{allocs: 1}}, []side{once("a", allocate), once("b", nothing)}, nil, false, "goal=g ratio=", false},
		{"not opened", goal{name: "g"}, nil, broken, false, `goal=g error="it\nfails"`, false},
		{"failing", goal{name: "g", base: "b", limit: 1}, []side{once("a", func() error { return broken }), once("b", nothing)}, nil, false, `goal=g error="a: it\nfails"`, false},
		{"as few bytes as attainable", goal{name: "g", most: cost{bytes: 10}, can: attainable{most: cost{bytes: 1 << 20}, why: "so"}}, []side{once("a", allocate)}, nil, false, "goal=g bytes=", true},
		{"more bytes than attainable", goal{name: "g", most: cost{bytes: 10}, can: attainable{most: cost{bytes: 20}, why: "so"}}, []side{once("a", allocate)}, nil, false, "goal=g bytes=", false},
		{"as fast as attainable", goal{name: "g", base: "b", limit: 1e-9, can: attainable{limit: 1e9, why: "so"}}, []side{once("a", nothing), once("b", nothing)}, nil, false, "goal=g ratio=", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := workload{goals: []goal{c.goal}, open: func() ([]side, func() error, error) { return c.sides, nothing, c.err }}
			r := w.measure(pace{rounds: 3, time: time.Millisecond})
			end := " short"
			if c.ok {
				end = " ok"
			}
			if can := c.goal.can; can.why != "" {
				end = " attainable=" + fmt.Sprint(can.most.bytes)
				if can.limit > 0 {
					end = fmt.Sprintf(" attainable=%.2f", can.limit)
				}
			}
			if got := r.verdicts[0].had; got != c.had {
				t.Errorf("got within the attainable limits %t, want %t", got, c.had)
			}
			if line := r.verdicts[0].String(); !strings.HasPrefix(line, c.line) || !strings.HasSuffix(line, end) {
				t.Errorf("got %q, want %q…%q", line, c.line, end)
			}
			all := []result{r}
			for line := range strings.Lines(report("", all)) {
				if strings.HasPrefix(line, "| g ") && strings.Count(line, "|") != 9 {
					t.Errorf("got the row %s, want eight cells", line)
				}
			}
			for in := xml.NewDecoder(strings.NewReader(chart(all))); ; {
				if _, err := in.Token(); err != nil {
					if !errors.Is(err, io.EOF) {
						t.Errorf("the chart is not XML: %v", err)
					}
					break
				}
			}
		})
	}
}

func nothing() error { return nil }

var kept []byte

func allocate() error {
	kept = make([]byte, 1000)
	kept = append(kept, 1)
	return nil
}
