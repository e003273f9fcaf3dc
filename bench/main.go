// Command bench measures this project against what else there is, and says of each goal whether it is met:
//
//	go run .                             # all goals; about five minutes; writes RESULTS.md and results.svg
//	go run . -goals 'handler|request/'   # some of them; writes nothing
//	go run . -cold                       # also builds with an empty cache, which takes minutes more
//
// It exits with 1 if a goal is short, or could not be measured. A goal that cannot be had is shown to be so in
// RESULTS.md, is short in the output, and fails if it takes more than what can be had.
//
// # How it measures
//
// All sides of a piece of work run in this process, by turns, in batches of milliseconds, so that what disturbs one
// disturbs the others. A ratio is taken inside a round, in which every side has one batch; what counts is the median
// over the rounds, and the least and the greatest stand beside it. Time is processor time, of this process or of the
// processes that it starts: on a machine with other work it repeats better than the time on the wall, which is
// reported, too. Over loopback that is the time of both ends. Allocations are counted, not estimated.
//
// # The sides
//
//   - plain is net/http by hand, as short as it goes.
//   - duty is plain with what nobody may leave out who has to tell what became of a call: deadlines, an id in each
//     request, knowing whether it was sent, bodies with a bound, every parameter checked, panics answered.
//   - stock is what oapi-codegen makes of the same document (package stock), and validated has the request validation
//     by kin-openapi in front of it.
//   - azure is the autorest client of github.com/Azure/azure-sdk-for-go, services/servicefabric/7.2.
//
// # Other people's code
//
// This is a module of its own, so that peers and other clients never enter the go.mod of the module that users import.
// Package azure runs two more Azure clients against a served process, 5.6 (api-version 3.0) and 6.5 (api-version 6.0).
// No release has both 5.6 and 6.5: 5.6 was last in v16.2.1, so go.mod asks for the module twice, the older one under
// the made-up name azure-sdk-v16.test. Of the releases that the module proxy lists, v49.0.0 is the first with 7.2, and
// it still has 6.5: the two make 64 MB of downloads. Later releases only grow.
//
// A module has one version of a dependency, so all three clients run on go-autorest v14.2 (autorest v0.11.30, the
// newest), and 5.6 calls itself Azure-SDK-For-Go/v49.0.0. The requests and the reading of answers are their own.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

func main() {
	met, err := bench(os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	case !met:
		os.Exit(1)
	}
}

// bench measures what the arguments ask for, and reports whether all goals are met.
func bench(args []string, stdout, stderr io.Writer) (met bool, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	some := flags.String("goals", "", "measure only the goals whose name this regular expression matches, and write no files")
	var p pace
	flags.DurationVar(&p.time, "time", 8*time.Second, "how long the sides of one piece of work race")
	flags.IntVar(&p.rounds, "rounds", 0, "how many rounds they race; 0 means as many as there is time for")
	cold := flags.Bool("cold", false, "also measure "+coldBuild)
	markdown := flags.Bool("markdown", false, "print the report alone, and write no files")
	dir := flags.String("dir", ".", "where to write RESULTS.md and results.svg")
	if err := flags.Parse(args); err != nil {
		return false, err
	}
	wanted, err := regexp.Compile(*some)
	if err != nil {
		return false, err
	}
	if flags.NArg() > 0 || p.time <= 0 || p.rounds < 0 {
		return false, fmt.Errorf("bad arguments %q", args)
	}

	facts, all, met := machine(), []result{}, true
	for _, w := range workloads() {
		if w.name == coldBuild && !*cold || !w.matches(wanted) {
			continue
		}
		r := w.measure(p)
		for _, v := range r.verdicts {
			met = met && (v.ok || v.had)
			if !*markdown {
				fmt.Fprintln(stdout, v)
			}
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return false, fmt.Errorf("no goal matches %q", *some)
	}
	switch {
	case *markdown:
		_, err = io.WriteString(stdout, report(facts, all))
	case *some == "":
		err = errors.Join(
			os.WriteFile(filepath.Join(*dir, "RESULTS.md"), []byte(report(facts, all)), 0o644),
			os.WriteFile(filepath.Join(*dir, "results.svg"), []byte(chart(all)), 0o644))
	}
	return met, err
}

func (w workload) matches(wanted *regexp.Regexp) bool {
	for _, g := range w.goals {
		if wanted.MatchString(g.name) {
			return true
		}
	}
	return false
}
