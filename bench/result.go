package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// result has the measurements of a workload.
type result struct {
	workload
	sides    []figure
	rows     [][]sample
	verdicts []verdict
}

// figure is the time and cost of one side per unit of work.
type figure struct {
	name      string
	cpu, wall time.Duration
	cost      cost
	counted   bool // whether cost is known
}

// verdict is the result for a goal.
type verdict struct {
	goal
	ratio, wall spread
	against     spread // the ratio to the attainable base
	cost        cost
	ok          bool
	had         bool  // not ok, but within the attainable limits
	err         error // why it could not be measured
}

// String returns the output line of a goal.
func (v verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "goal=%s", v.name)
	if v.err != nil {
		fmt.Fprintf(&b, " error=%.200q", v.err.Error())
	} else {
		if v.base != "" {
			fmt.Fprintf(&b, " ratio=%.2f (%.2f..%.2f) limit=%.2f", v.ratio.median, v.ratio.min, v.ratio.max, v.limit)
		}
		if v.most.allocs > 0 {
			fmt.Fprintf(&b, " allocs=%d limit=%d", v.cost.allocs, v.most.allocs)
		}
		if v.most.bytes > 0 {
			fmt.Fprintf(&b, " bytes=%d limit=%d", v.cost.bytes, v.most.bytes)
		}
	}
	if v.ok {
		return b.String() + " ok"
	}
	b.WriteString(" short")
	switch {
	case v.can.base != "":
		fmt.Fprintf(&b, " %q=%.2f attainable=%.2f", v.can.base, v.against.median, v.can.limit)
	case v.can.limit > 0:
		fmt.Fprintf(&b, " attainable=%.2f", v.can.limit)
	}
	if v.can.most.bytes > 0 {
		fmt.Fprintf(&b, " attainable=%d", v.can.most.bytes)
	}
	return b.String()
}

// countable is the time of a unit of work below which the allocations of every side are counted, even without a goal.
const countable = time.Millisecond

// measure opens a workload and compares its sides. A goal that cannot be measured counts as short.
func (w workload) measure(p pace) result {
	r := result{workload: w}
	if w.slow {
		p = pace{rounds: 2, cold: true}
	}
	err := r.fill(p)
	for _, g := range w.goals {
		v := verdict{goal: g, err: err}
		if err == nil {
			v = r.judge(g)
		}
		r.verdicts = append(r.verdicts, v)
	}
	return r
}

func (r *result) fill(p pace) (err error) {
	sides, closeAll, err := r.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	if len(sides) > 1 {
		if r.rows, err = race(sides, r.who, p); err != nil {
			return err
		}
	}
	for i, s := range sides {
		f := figure{name: s.name}
		if len(sides) > 1 {
			f.cpu, f.wall = typical(r.rows, i, cpu), typical(r.rows, i, wall)
		}
		if i == 0 && r.limitsCost() || r.who == this && f.wall > 0 && f.wall < countable {
			if f.cost, err = spend(s); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			f.counted = true
		}
		r.sides = append(r.sides, f)
	}
	return nil
}

func (r *result) limitsCost() bool {
	return slices.ContainsFunc(r.goals, func(g goal) bool { return g.most != cost{} })
}

func (r *result) judge(g goal) verdict {
	v := verdict{goal: g, cost: r.sides[0].cost}
	to := func(base string, of func(sample) time.Duration) spread {
		if base == "" {
			return spread{}
		}
		return compare(r.rows, 0, slices.IndexFunc(r.sides, func(f figure) bool { return f.name == base }), of)
	}
	v.ratio, v.wall, v.against = to(g.base, cpu), to(g.base, wall), to(cmp.Or(g.can.base, g.base), cpu)
	keeps := func(ratio spread, limit float64, most cost) bool {
		return (g.base == "" || math.Round(ratio.median*100) <= math.Round(limit*100)) && v.cost.within(most) // rounded as printed
	}
	v.ok = keeps(v.ratio, g.limit, g.most)
	v.had = !v.ok && g.can.why != "" && keeps(v.against, cmp.Or(g.can.limit, g.limit), g.bearable())
	return v
}

// bearable returns the attainable limits of the cost.
func (g goal) bearable() cost {
	return cost{allocs: cmp.Or(g.can.most.allocs, g.most.allocs), bytes: cmp.Or(g.can.most.bytes, g.most.bytes)}
}

// within reports whether a cost is within its limits.
func (c cost) within(most cost) bool {
	return (most.allocs == 0 || c.allocs <= most.allocs) && (most.bytes == 0 || c.bytes <= most.bytes)
}
