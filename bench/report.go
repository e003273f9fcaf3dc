package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// report returns the text of RESULTS.md.
func report(facts string, all []result) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Results")
	line("")
	line("Made by `make bench`; the package comment in [`main.go`](main.go) describes the method and the sides. %s", facts)
	line("")
	line("![each ratio relative to its limit](results.svg)")
	line("")
	line("## Goals")
	line("")
	line("A ratio is the processor time of this project divided by that of the base: the median over the rounds, with the minimum and")
	line("maximum in parentheses. \"Wall time\" is the same ratio in elapsed time.")
	line("")
	line("| goal | base | ratio | limit | wall time | allocations | bytes | |")
	line("| --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, r := range all {
		for _, v := range r.verdicts {
			said := "**short**"
			if v.ok {
				said = "ok"
			} else if v.had {
				said = "short, [out of reach](#goals-out-of-reach)"
			}
			if v.err != nil {
				line("| %s | %s | not measured: %s | %s | | | | %s |", v.name, v.base, oneLine(v.err), limitOf(v), said)
				continue
			}
			ratio, limit, onWall := "", "", ""
			if v.base != "" {
				ratio, limit = fmt.Sprintf("%.2f (%.2f..%.2f)", v.ratio.median, v.ratio.min, v.ratio.max), limitOf(v)
				onWall = fmt.Sprintf("%.2f (%.2f..%.2f)", v.wall.median, v.wall.min, v.wall.max)
			}
			line("| %s | %s | %s | %s | %s | %s | %s | %s |", v.name, v.base, ratio, limit, onWall,
				bounded(v.cost.allocs, v.most.allocs), bounded(v.cost.bytes, v.most.bytes), said)
		}
	}
	if !slices.ContainsFunc(all, func(r result) bool { return r.name == coldBuild }) {
		line("")
		line("`%s` takes minutes and is measured only with `-cold`.", coldBuild)
	}
	unreachable(all, line)
	line("")
	line("## Sides")
	line("")
	line("The processor time of each side for one unit of work, and its allocations where they were counted.")
	line("")
	names := sideNames(all)
	line("| work | %s |", strings.Join(names, " | "))
	line("| --- |%s", strings.Repeat(" --- |", len(names)))
	for _, r := range all {
		cells := make([]string, len(names))
		for _, f := range r.sides {
			if f.cpu == 0 {
				continue
			}
			cell := brief(f.cpu)
			if f.counted {
				cell += fmt.Sprintf(", %d", f.cost.allocs)
			}
			cells[slices.Index(names, f.name)] = cell
		}
		if strings.Join(cells, "") != "" {
			line("| %s | %s |", r.what, strings.Join(cells, " | "))
		}
	}
	return b.String()
}

// unreachable lists the goals that are out of reach, with the reasons and the attainable limits.
func unreachable(all []result, line func(format string, args ...any)) {
	said := make(map[string]bool)
	for _, r := range all {
		for _, g := range r.verdicts {
			if g.can.why == "" || g.ok {
				continue
			}
			if len(said) == 0 {
				line("")
				line("## Goals out of reach")
				line("")
			}
			had := ""
			switch {
			case g.can.base != "":
				had += fmt.Sprintf(" %.2f to %q, limit %.2f", g.against.median, g.can.base, g.can.limit)
			case g.can.limit > 0:
				had += fmt.Sprintf(" a ratio of %.2f instead of %.2f", g.can.limit, g.limit)
			}
			if g.can.most.bytes > 0 {
				had += fmt.Sprintf(" %d bytes instead of %d", g.can.most.bytes, g.most.bytes)
			}
			why := ""
			if !said[g.can.why] {
				why = ": " + g.can.why
			}
			said[g.can.why] = true
			line("- `%s`:%s%s", g.name, had, why)
		}
	}
}

func oneLine(err error) string {
	text, _, _ := strings.Cut(fmt.Sprintf("%.200s", err), "\n")
	return strings.ReplaceAll(text, "|", `\|`)
}

func limitOf(v verdict) string {
	if v.base == "" {
		return ""
	}
	return fmt.Sprintf("%.2f", v.limit)
}

func bounded(n, most uint64) string {
	if most == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", n, most)
}

// brief formats a duration with three digits.
func brief(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", float64(d)/float64(time.Microsecond))
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
	default:
		return fmt.Sprintf("%.3g s", d.Seconds())
	}
}

func sideNames(all []result) (names []string) {
	for _, r := range all {
		for _, f := range r.sides {
			if f.cpu > 0 && !slices.Contains(names, f.name) {
				names = append(names, f.name)
			}
		}
	}
	return names
}
