package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A result is a mutant and what became of it.
type result struct {
	mutant
	became outcome
	tests  int // that reach it
}

// A report is what became of the mutants of a package.
type report struct {
	limit   limit
	excuses map[excuse]string
	seed    uint64
	of      int // how many there are; fewer may have been tried
	results []result
}

type count struct{ killed, endless, excused, lived, invalid int }

func (c *count) add(became outcome, excused bool) {
	switch became {
	case untried:
	case killed:
		c.killed++
	case endless:
		c.killed++
		c.endless++
	case invalid:
		c.invalid++
	case survived, uncovered:
		if excused {
			c.excused++
		} else {
			c.lived++
		}
	}
}

// percent is the share of those that can be noticed.
func (c *count) percent() float64 {
	if c.killed+c.lived == 0 {
		return 100
	}
	return 100 * float64(c.killed) / float64(c.killed+c.lived)
}

func (c *count) String() string {
	s := fmt.Sprintf("%d of %d killed, %.1f %%", c.killed, c.killed+c.lived, c.percent())
	for _, part := range []struct {
		n    int
		what string
	}{{c.endless, "without end"}, {c.excused, "excused"}, {c.invalid, "not compiled"}} {
		if part.n > 0 {
			s += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	return s
}

// list tells of each mutant, in the order of the files.
func (r *report) list(out io.Writer) {
	for _, t := range r.results {
		fmt.Fprintf(out, "%s %s: %s\n", t.where(), cmp.Or(t.function, "-"), t)
	}
	fmt.Fprintf(out, "%s: %d mutants\n", r.limit.pattern, r.of)
}

func (m mutant) where() string {
	return fmt.Sprintf("%s:%d:%d", fromHere(m.file), m.pos.Line, m.pos.Column)
}

// write tells of each file and each survivor, and whether the package holds its limit.
func (r *report) write(out io.Writer) bool {
	slices.SortFunc(r.results, func(a, b result) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.start, b.start), cmp.Compare(a.to, b.to))
	})
	var sum count
	files := make(map[string]*count)
	var names []string
	var survivors strings.Builder
	used := make(map[excuse]bool)
	for _, t := range r.results {
		name := fromHere(t.file)
		if files[name] == nil {
			files[name] = new(count)
			names = append(names, name)
		}
		e := excuse{filepath.ToSlash(name), cmp.Or(t.function, "-"), t.String()}
		_, excused := r.excuses[e]
		files[name].add(t.became, excused)
		sum.add(t.became, excused)
		if t.became != survived && t.became != uncovered {
			continue
		}
		if excused {
			used[e] = true
			continue
		}
		fmt.Fprintf(&survivors, "  %s %s: %s", t.where(), cmp.Or(t.function, "-"), t)
		if t.became == uncovered {
			fmt.Fprintln(&survivors, " (no test reaches it)")
		} else {
			fmt.Fprintf(&survivors, " (%d tests reach it)\n", t.tests)
		}
	}
	for _, name := range names {
		fmt.Fprintf(out, "%-40s %v\n", name, files[name])
	}
	fmt.Fprint(out, survivors.String())
	fmt.Fprintf(out, "%s: %v; the limit is %v %%", r.limit.pattern, &sum, r.limit.percent)
	if len(r.results) < r.of {
		fmt.Fprintf(out, "; a sample of %d of %d, seed %d", len(r.results), r.of, r.seed)
	}
	fmt.Fprintln(out)
	ok := sum.percent() >= r.limit.percent
	for e := range r.excuses {
		if len(r.results) == r.of && files[filepath.FromSlash(e.file)] != nil && !used[e] {
			fmt.Fprintf(out, "  %s %s: %s is excused and has not survived: take the line out\n", e.file, e.function, e.change)
			ok = false
		}
	}
	return ok
}

// fromHere is a path as seen from the working directory.
func fromHere(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if short, err := filepath.Rel(here, path); err == nil {
		return short
	}
	return path
}
