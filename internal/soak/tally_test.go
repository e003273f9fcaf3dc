package soak

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/sfcancel/sfcancel/wrapper"
)

// tally adds up what runs had to show.
type tally struct {
	mu                    sync.Mutex
	bad                   int // runs with findings
	runs, calls, requests int
	unknown               int // calls whose outcome is unknown to the caller
	found                 map[sort]int
	outcomes, fates       map[string]int
	broken                map[string][]uint64 // seeds, by rule
}

// progress is after how many runs it is told how far they are, so that who stops them can go
// on with -seed.
const progress = 100_000

// add returns how many runs with findings there are by now.
func (t *tally) add(run *run, found findings) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs++
	t.calls += len(run.calls)
	for _, k := range run.calls {
		t.outcomes[k.short()]++
		if errors.Is(k.err, wrapper.ErrOutcomeUnknown) {
			t.unknown++
		}
		t.requests += len(k.requests)
		for _, q := range k.requests {
			t.fates[q.fate.String()]++
		}
	}
	for _, f := range found {
		t.found[f.sort]++
		t.broken[f.rule] = append(t.broken[f.rule], run.seed)
	}
	if len(found) > 0 {
		t.bad++
	}
	if t.runs%progress == 0 {
		fmt.Println("so far:", t.String())
	}
	return t.bad
}

// short is how a call ended, without the particulars.
func (k *call) short() string {
	s := string(k.plan.do) + " "
	if k.err != nil {
		_, meant := meaning(k.err)
		return fmt.Sprintf("%s%v", s, meant)
	}
	if k.plan.do == deedAll {
		return s
	}
	if k.result.Resolved {
		return s + string(k.result.Verdict) + " resolved"
	}
	return s + string(k.result.Verdict)
}

// baseline is how many calls ended with an outcome unknown when attempts had no bound of
// their own and every connection was trusted: 20 000 runs from seed 1 at commit ebf7ef7.
var baseline = map[string]struct{ unknown, calls int }{}

// unknowns is the other line that the soak prints, with the figure of before if it is known.
func (t *tally) unknowns(world string) string {
	s := fmt.Sprintf("unknown_outcomes=%d calls=%d", t.unknown, t.calls)
	if before, ok := baseline[world]; ok {
		s += fmt.Sprintf(" (%.2f%%; before: %d of %d, %.2f%%)", percent(t.unknown, t.calls), before.unknown, before.calls, percent(before.unknown, before.calls))
	}
	return s
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) }

// String is the line that the soak prints.
func (t *tally) String() string {
	return fmt.Sprintf("runs=%d calls=%d wrong_verdicts=%d forbidden_forces=%d unexplained_unknowns=%d",
		t.runs, t.calls, t.found[wrongVerdict], t.found[forbiddenForce], t.found[unexplainedUnknown])
}

// kinds says how often each outcome and each fault came, to see that none is missing.
func (t *tally) kinds() []string {
	var lines []string
	for _, counts := range []map[string]int{t.outcomes, t.fates} {
		var part []string
		for what, n := range counts {
			part = append(part, fmt.Sprintf("%s %d", what, n))
		}
		slices.Sort(part)
		lines = append(lines, fmt.Sprint(part))
	}
	for rule, seeds := range t.broken {
		slices.Sort(seeds)
		lines = append(lines, fmt.Sprintf("%d times broken: %q, seeds %v", len(seeds), rule, seeds[:min(len(seeds), 10)]))
	}
	return lines
}

// forget begins anew.
func (t *tally) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bad, t.runs, t.calls, t.requests, t.unknown = 0, 0, 0, 0, 0
	t.found, t.outcomes, t.fates, t.broken = map[sort]int{}, map[string]int{}, map[string]int{}, map[string][]uint64{}
}
