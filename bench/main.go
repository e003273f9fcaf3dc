// Command bench compares this project with other implementations, and reports for each goal whether it is met:
//
//	go run .                             # all goals; about five minutes; writes RESULTS.md and results.svg
//	go run . -goals 'handler|request/'   # some of them; writes nothing
//	go run . -cold                       # also builds with an empty cache, which takes minutes more
//
// It exits with 1 if a goal is missed ("short") or could not be measured. A goal that is out of reach has a second,
// attainable limit, with the reason in RESULTS.md. Such a goal is reported as short, but bench fails only if the
// attainable limit is exceeded, too.
//
// # Method
//
// All sides of a workload run in this process, by turns, in batches of milliseconds, so that a disturbance affects all
// of them. A ratio is computed within a round, in which every side runs one batch. The median over the rounds
// counts; the minimum and maximum are reported with it. Time is processor time, of this process or of the
// processes that it starts: on a busy machine it is more reproducible than wall time, which is
// reported as well. Over loopback it includes both client and server. Allocations are counted, not estimated.
//
// # Sides
//
//   - plain is the shortest handwritten code on net/http.
//   - duty is plain plus everything that is needed to report the outcome of a call reliably: deadlines, an id in each
//     request, a record of whether it was sent, bounded bodies, validation of every parameter, recovery from panics.
//   - stock is the code that oapi-codegen generates from the same document (package stock); validated adds request
//     validation by kin-openapi.
//   - azure is the autorest client of github.com/Azure/azure-sdk-for-go, services/servicefabric/7.2.
//
// # Dependencies
//
// bench is a separate module, so that the code it compares with stays out of the go.mod of the module that users import.
// Package azure runs two more Azure clients against a server process, 5.6 (api-version 3.0) and 6.5 (api-version 6.0).
// No release has both: 5.6 was last in v16.2.1, so go.mod requires the module twice, the older version under
// the made-up name azure-sdk-v16.test. Of the releases that the module proxy lists, v49.0.0 is the first with 7.2, and
// it still has 6.5. The two downloads have 64 MB; later releases are larger.
//
// A module has one version of a dependency, so all three clients run on go-autorest v14.2 (autorest v0.11.30, the
// newest), and 5.6 identifies itself as Azure-SDK-For-Go/v49.0.0. Building requests and decoding answers is the
// code of each client.
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

// bench measures the goals that the arguments select, and reports whether each is met or within its attainable limit.
func bench(args []string, stdout, stderr io.Writer) (met bool, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	some := flags.String("goals", "", "measure only the goals whose name this regular expression matches, and write no files")
	var p pace
	flags.DurationVar(&p.time, "time", 8*time.Second, "how long the sides of one workload race")
	flags.IntVar(&p.rounds, "rounds", 0, "number of rounds; 0 means as many as fit into -time")
	cold := flags.Bool("cold", false, "also measure "+coldBuild)
	markdown := flags.Bool("markdown", false, "print only the report, and write no files")
	dir := flags.String("dir", ".", "directory for RESULTS.md and results.svg")
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
