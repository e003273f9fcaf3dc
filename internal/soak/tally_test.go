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
	unknowns              unknowns
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
		t.unknowns.add(k, run.plan.deaf(k))
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

// unknowns counts calls that ended with an outcome unknown: of all calls, and of those that
// had time, which are a context of 30 s or more, or none that ends, the default attempts, and
// a gateway that does not hang for good. In a context of a second, with one attempt, or from a
// gateway that is gone, nobody finds out much.
type unknowns struct{ unknown, calls, unknownWithTime, withTime int }

// baseline is what 20 000 runs from seed 1 count with the wrapper of commit ebf7ef7, in which
// a silence lasts as long as the context.
var baseline = map[string]unknowns{
	"plain":                  {23559, 129673, 851, 13250},
	"rough":                  {23998, 147371, 2031, 42189},
	"silence,replays,closes": {20990, 129782, 2161, 41573},
}

func (u *unknowns) add(k *call, deaf bool) {
	unknown := errors.Is(k.err, wrapper.ErrOutcomeUnknown)
	u.calls++
	if unknown {
		u.unknown++
	}
	if deaf || !k.hasTime() {
		return
	}
	u.withTime++
	if unknown {
		u.unknownWithTime++
	}
}

// hasTime says that neither the context nor the attempts of a call are short.
func (k *call) hasTime() bool {
	return k.plan.cancel == 0 && (k.plan.deadline == 0 || k.plan.deadline >= enough) && k.made.attempts >= 8
}

func (u unknowns) String() string {
	return fmt.Sprintf("unknown_outcomes=%d calls=%d (%.2f%%) unknown_with_time=%d calls_with_time=%d (%.2f%%)",
		u.unknown, u.calls, percent(u.unknown, u.calls), u.unknownWithTime, u.withTime, percent(u.unknownWithTime, u.withTime))
}

// compared is the other line that the soak prints, with the one of before if it is known.
func (u unknowns) compared(world string) string {
	if before, ok := baseline[world]; ok {
		return fmt.Sprintf("%v\nbefore, in 20000 runs: %v", u, before)
	}
	return u.String()
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
	t.bad, t.runs, t.calls, t.requests, t.unknowns = 0, 0, 0, 0, unknowns{}
	t.found, t.outcomes, t.fates, t.broken = map[sort]int{}, map[string]int{}, map[string]int{}, map[string][]uint64{}
}
