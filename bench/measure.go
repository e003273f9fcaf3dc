package main

import (
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// cost is the cost of one unit of work besides time.
type cost struct{ allocs, bytes uint64 }

// sample is the time per unit of work in one batch.
type sample struct{ cpu, wall time.Duration }

// clock selects whose processor time counts: that of this process, or of the child processes it has waited for.
type clock int

const (
	this     clock = syscall.RUSAGE_SELF
	children clock = syscall.RUSAGE_CHILDREN
)

func (c clock) now() (time.Duration, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(int(c), &used); err != nil {
		return 0, err
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), nil
}

// pace bounds a race.
type pace struct {
	rounds int           // number of rounds; 0 means as many as fit into time
	time   time.Duration // limit of a race, which runs leastRounds in any case
	cold   bool          // one unit of work per batch, without a warm-up
}

// Bounds of a race: fewer rounds say nothing, and more say nothing new.
const (
	leastRounds  = 5
	mostRounds   = 201
	mostTimes    = 1 << 22 // units of work in a batch
	usualRounds  = 100
	longestBatch = 100 * time.Millisecond
	leastBatch   = 25 * time.Millisecond // enough for a few garbage collections: with one or none, chance decides which side pays
)

// race runs the sides in short batches, by turns and in both orders, so that a disturbance affects all of
// them. It returns a row for each round, with a sample for each side.
func race(sides []side, who clock, p pace) ([][]sample, error) {
	batch := min(max(p.time/time.Duration(len(sides)*usualRounds), leastBatch), longestBatch)
	n := make([]int, len(sides))
	begin := time.Now()
	for i, s := range sides {
		n[i] = 1
		if p.cold {
			continue
		}
		var err error
		if n[i], err = fill(s, who, batch); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	var rows [][]sample
	for done := false; !done; {
		row := make([]sample, len(sides))
		for i := range sides {
			if len(rows)%2 == 1 {
				i = len(sides) - 1 - i
			}
			var err error
			if row[i], err = timed(sides[i], n[i], who); err != nil {
				return nil, fmt.Errorf("%s: %w", sides[i].name, err)
			}
		}
		rows = append(rows, row)
		if p.rounds > 0 {
			done = len(rows) >= p.rounds
		} else {
			done = len(rows) >= leastRounds && (time.Since(begin) >= p.time || len(rows) == mostRounds)
		}
	}
	return rows, nil
}

// fill finds how many units of work a side does in a batch of processor time, which does not depend on the load of the
// machine. The first batch warms the side up: it opens connections and fills pools.
func fill(s side, who clock, batch time.Duration) (int, error) {
	warm := false
	for n := max(1, s.least); ; {
		one, err := timed(s, n, who)
		if err != nil {
			return 0, err
		}
		took := one.cpu * time.Duration(n)
		switch {
		case took < batch/2 && one.wall*time.Duration(n) < time.Second && n < mostTimes:
			n *= 2
		case !warm && took < time.Second:
			warm = true
		default:
			return max(1, s.least, int(float64(batch)/float64(max(one.cpu, 1)))), nil
		}
	}
}

func timed(s side, n int, who clock) (sample, error) {
	runtime.GC() // so that no side pays for the garbage of another
	before, err := who.now()
	if err != nil {
		return sample{}, err
	}
	begin := time.Now()
	if err := s.many(n); err != nil {
		return sample{}, err
	}
	wall := time.Since(begin)
	after, err := who.now()
	return sample{cpu: (after - before) / time.Duration(n), wall: wall / time.Duration(n)}, err
}

// spread is the distribution of a ratio over the rounds.
type spread struct{ median, min, max float64 }

// compare returns the ratio of side a to side b, computed within each round.
func compare(rows [][]sample, a, b int, of func(sample) time.Duration) spread {
	var ratios []float64
	for _, row := range rows {
		if d := of(row[b]); d > 0 {
			ratios = append(ratios, float64(of(row[a]))/float64(d))
		}
	}
	if len(ratios) == 0 {
		return spread{}
	}
	slices.Sort(ratios)
	middle := len(ratios) / 2
	median := ratios[middle]
	if len(ratios)%2 == 0 {
		median = (ratios[middle-1] + ratios[middle]) / 2
	}
	return spread{median, ratios[0], ratios[len(ratios)-1]}
}

func cpu(s sample) time.Duration  { return s.cpu }
func wall(s sample) time.Duration { return s.wall }

// typical returns the median time of a side over the rounds.
func typical(rows [][]sample, side int, of func(sample) time.Duration) time.Duration {
	var all []time.Duration
	for _, row := range rows {
		all = append(all, of(row[side]))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// spend counts the allocations of the whole process for one unit of work, as
// [testing.AllocsPerRun] does. Other goroutines can only add to them, so the minimum of a few tries counts.
func spend(s side) (cost, error) {
	if s.cost != nil {
		return s.cost()
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const tries = 3
	n, begin := 500, time.Now()
	if err := s.many(1); err != nil {
		return cost{}, err
	}
	if time.Since(begin) > 20*time.Millisecond {
		n = 2
	}
	if err := s.many(n / 10); err != nil { // warm
		return cost{}, err
	}
	var least cost
	for try := range tries {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := s.many(n); err != nil {
			return cost{}, err
		}
		runtime.ReadMemStats(&after)
		c := cost{(after.Mallocs - before.Mallocs) / uint64(n), (after.TotalAlloc - before.TotalAlloc) / uint64(n)}
		if try == 0 {
			least = c
		}
		least = cost{min(least.allocs, c.allocs), min(least.bytes, c.bytes)}
	}
	return least, nil
}
