// Command mutants changes one comparison, condition or assignment of a package at a time,
// runs the tests of the package that reach the change, and tells what no test has noticed.
//
//	mutants [flags] [package ...]
//
// Without packages it takes those of the file of limits. Its exit code is 1 if fewer are
// killed than the limit of a package says, and 2 if it could not find out.
//
// The tree is never written: a mutant is built with an overlay. Tests that run another
// program, or that read the sources, see the original.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

type config struct {
	limits   string
	n        int
	seed     uint64
	atMost   time.Duration
	parallel int
	short    bool
	list     bool
	patterns []string
}

func main() {
	var c config
	flag.StringVar(&c.limits, "limits", ".ci/mutants", "`file` of the limits")
	flag.IntVar(&c.n, "n", 0, "try a random sample of `n` mutants of each package; 0 means all")
	flag.Uint64Var(&c.seed, "seed", 1, "`seed` of the order in which they are tried")
	flag.DurationVar(&c.atMost, "for", 0, "try no further mutant of a package after this `time`; 0 means no limit")
	flag.IntVar(&c.parallel, "p", runtime.NumCPU(), "`number` of mutants to try at a time")
	flag.BoolVar(&c.short, "short", false, "run the tests with -short")
	flag.BoolVar(&c.list, "list", false, "list the mutants and try none")
	flag.Parse()
	c.patterns = flag.Args()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok, err := run(ctx, c, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run reports whether every package holds its limit.
func run(ctx context.Context, c config, out io.Writer) (ok bool, err error) {
	limits, excuses, err := readLimits(c.limits)
	if err != nil {
		return false, err
	}
	if len(c.patterns) > 0 {
		var chosen []limit
		for _, pattern := range c.patterns {
			i := slices.IndexFunc(limits, func(l limit) bool { return filepath.Clean(l.pattern) == filepath.Clean(pattern) })
			if i < 0 {
				return false, fmt.Errorf("%s has no limit in %s", pattern, c.limits)
			}
			chosen = append(chosen, limits[i])
		}
		limits = chosen
	}
	ok = true
	for _, l := range limits {
		r, err := c.examine(ctx, l, excuses)
		if err != nil {
			return false, fmt.Errorf("%s: %w", l.pattern, err)
		}
		if c.list {
			r.list(out)
			continue
		}
		ok = r.write(out) && ok
	}
	return ok, nil
}

// examine tries the mutants of a package.
func (c config) examine(ctx context.Context, l limit, excuses map[excuse]string) (*report, error) {
	p, err := list(ctx, l.pattern)
	if err != nil {
		return nil, err
	}
	r := &report{limit: l, excuses: excuses, seed: c.seed}
	var all []mutant
	for _, name := range p.GoFiles {
		found, err := mutants(filepath.Join(p.Dir, name))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	r.of = len(all)
	if c.list {
		for _, m := range all {
			r.results = append(r.results, result{m, untried, 0})
		}
		return r, nil
	}
	random := rand.New(rand.NewPCG(c.seed, 0))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if c.n > 0 {
		all = all[:min(c.n, len(all))]
	}
	temp, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	tests := &runner{temp: temp, short: c.short}
	covered, err := tests.cover(ctx, p, c.parallel)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	tried := make([]*result, len(all))
	errs := make([]error, len(all))
	each(c.parallel, len(all), func(i int) {
		if ctx.Err() != nil || c.atMost > 0 && time.Since(begin) > c.atMost {
			return
		}
		reaching := covered.reaching(all[i])
		became, err := tests.try(ctx, p, all[i], reaching)
		tried[i], errs[i] = &result{all[i], became, len(reaching)}, err
	})
	if err := cmp.Or(ctx.Err(), cmp.Or(errs...)); err != nil {
		return nil, err
	}
	for _, t := range tried {
		if t != nil {
			r.results = append(r.results, *t)
		}
	}
	return r, nil
}
