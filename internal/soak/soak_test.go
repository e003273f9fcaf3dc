package soak

import (
	"errors"
	"flag"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/internal/racedetector"
	"github.com/sfcancel/sfcancel/wrapper"
)

// defaultRuns is smaller with the race detector, which makes everything several times slower.
var defaultRuns = map[bool]int{false: 2000, true: 150}[racedetector.On]

var (
	runs = flag.Int("runs", defaultRuns, "how many histories")
	seed = flag.Uint64("seed", 1, "of the first history; the next one has the next")
)

// histories is how many to play: what the flag says, or less with -short, where make test
// plays defaultRuns.
func histories() int {
	if testing.Short() && *runs == defaultRuns {
		return defaultRuns / 15
	}
	return *runs
}

// batch is how many runs a worker takes at once.
const batch = 25

// After every call you know what happened.
func TestSoak(t *testing.T) {
	t.Parallel()
	defer debug.SetGCPercent(debug.SetGCPercent(1600)) // a run leaves little, and much garbage
	began := time.Now()
	w := worldOf(t)
	var sum tally
	for range times() {
		sum.forget()
		soak(t, w, *seed, histories(), makeWrapper, func(run *run) bool {
			found := run.judge()
			if bad := sum.add(run, found); bad <= 3 && len(found) > 0 {
				t.Errorf("replay it with -runs=1 -seed=%d -world=%s\n%s\n%s", run.seed, *worldFlag, found, run.history())
			}
			return true
		})
		if t.Failed() {
			break
		}
	}
	took := time.Since(began)
	fmt.Println(sum.String())
	fmt.Println(sum.unknowns.compared(*worldFlag))
	t.Logf("%d requests in %v, %.0f runs/s", sum.requests, took.Round(time.Millisecond), float64(histories())/took.Seconds())
	for _, line := range sum.kinds() {
		t.Log(line)
	}
}

// worldOf is the world that the flag names.
func worldOf(t *testing.T) world {
	t.Helper()
	w, err := parseWorld(*worldFlag)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// times is how often the histories are played. A single one is played until it fails: not
// all of them are exact, because what the wrapper draws itself comes from no seed.
func times() int {
	if *runs == 1 {
		return 200
	}
	return 1
}

// bubble plays one history in a bubble of its own, where it is always the same time.
func bubble(t *testing.T, seed uint64, w world, all desks, make maker) (run *run, err error) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { run, err = play(seed, w, all, make) })
	return run, err
}

// soak plays so many histories, in bubbles on every processor, or fewer if judge says so.
func soak(t *testing.T, w world, first uint64, runs int, make maker, judge func(*run) (goOn bool)) {
	t.Helper()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (runs+batch-1)/batch) {
		workers.Go(func() {
			all, err := newDesks()
			if err != nil {
				t.Error(err)
				return
			}
			for {
				from := int(next.Add(1)-1) * batch
				if from >= runs {
					return
				}
				for n := from; n < min(from+batch, runs); n++ {
					run, err := bubble(t, first+uint64(n), w, all, make)
					if err != nil {
						t.Error(err)
						return
					}
					if !judge(run) {
						next.Store(int64(runs)) // no other batch
						return
					}
				}
			}
		})
	}
	workers.Wait()
}

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

// A seed is all it takes to see a run again, as long as the wrapper draws nothing itself.
func TestReplay(t *testing.T) {
	t.Parallel()
	all, err := newDesks()
	if err != nil {
		t.Fatal(err)
	}
	worlds := []world{0, wholeWorld}
	for n := range uint64(2 * (min(defaultRuns, histories()) / 10)) {
		var before string
		for range 2 {
			run, err := bubble(t, *seed+n/2, worlds[n%2], all, makeWrapper)
			if err != nil {
				t.Fatal(err)
			}
			if !run.plan.exact {
				break
			}
			now := run.history()
			if before != "" && now != before {
				t.Errorf("seed %d:\n%s\nand again:\n%s", run.seed, before, now)
			}
			before = now
		}
	}
}

// defaultWorld is the world of a run without -world.
const defaultWorld = "rough"

var worldFlag = flag.String("world", defaultWorld, "plain, rough, or the parts of the rough world that there are, such as silence,replays")

// world is a set of the parts of the rough world, one bit each. The zero value is the
// plain world.
type world uint

// part is something that happens in the rough world only.
type part struct {
	name   string
	chance int // percent of the runs that have it
	// plan draws it. No part draws from the dice of another one, or of the plain world, so
	// that a part which is turned off changes nothing else.
	plan func(p *plan, d dice, starts bool)
}

var parts = []part{
	{"silence", 35, planSilence},
	{"reuse", 25, planReuse},
	{"twins", 20, planTwins},
	{"clocks", 25, planClocks},
	{"ledgers", 20, planLedgers},
	{"closes", 25, planCloses},
	{"replays", 25, planReplays}, // the last, because it adds operations that nobody else can name
}

// wholeWorld is the rough world with all of its parts.
var wholeWorld = world(1)<<len(parts) - 1

// parseWorld reads the flag.
func parseWorld(text string) (w world, err error) {
	switch text {
	case "plain":
		return 0, nil
	case "rough":
		return wholeWorld, nil
	}
	for name := range strings.SplitSeq(text, ",") {
		n := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if n < 0 {
			return 0, fmt.Errorf("there is no world, and no part of one, that is called %q", name)
		}
		w |= 1 << n
	}
	return w, nil
}

// roughen adds to a plan what a world has beyond the plain one.
func (w world) roughen(p *plan, seed uint64, starts bool) {
	for n, part := range parts {
		if d := newDice(seed, 10, uint64(n)); w&(1<<n) != 0 && d.chance(part.chance) {
			part.plan(p, d, starts)
			p.parts = append(p.parts, part.name)
		}
	}
}

// Each part of the rough world is drawn for itself: what one run has of the others, and of
// the plain world, does not depend on it.
func TestWorldParts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		plain, rough := newPlan(seed, 0), newPlan(seed, wholeWorld)
		if len(rough.parts) == 0 {
			rough.strict = false
			if !reflect.DeepEqual(plain, rough) {
				t.Errorf("seed %d has no part, and is not plain:\n%+v\n%+v", seed, plain, rough)
			}
		}
		for n, part := range parts {
			without := newPlan(seed, wholeWorld&^(1<<n))
			want := slices.DeleteFunc(slices.Clone(rough.parts), func(name string) bool { return name == part.name })
			if !slices.Equal(without.parts, want) {
				t.Errorf("seed %d without %s has %v, and %v with it", seed, part.name, without.parts, rough.parts)
			}
		}
	}
}

func TestParseWorld(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]world{"plain": 0, "rough": wholeWorld, "silence": 1, "silence,reuse": 3} {
		if got, err := parseWorld(text); err != nil || got != want {
			t.Errorf("%s: %b, %v", text, got, err)
		}
	}
	if _, err := parseWorld("silence,noise"); err == nil {
		t.Error("there is no noise")
	}
}
