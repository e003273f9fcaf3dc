package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A pkg is a package under test.
type pkg struct {
	Dir, ImportPath string
	GoFiles         []string
}

// An outcome is what became of a mutant.
type outcome int

const (
	untried   outcome = iota
	survived          // the tests that reach it pass
	uncovered         // no test reaches it
	killed            // a test fails
	endless           // the tests do not end; counted as killed
	invalid           // it does not compile; not counted
)

// memory bounds what a process of tests may map, in KiB: a mutant may allocate without end.
const memory = 8 << 20

// A runner builds and runs the tests of packages. All that it writes is below temp, but
// for the build cache.
type runner struct {
	temp  string
	short bool
}

func list(ctx context.Context, pattern string) (pkg, error) {
	var p pkg
	out, err := exec.CommandContext(ctx, "go", "list", "-json=Dir,ImportPath,GoFiles", pattern).Output()
	if err != nil {
		return p, fmt.Errorf("go list %s: %w", pattern, explained(err))
	}
	if err := json.Unmarshal(out, &p); err != nil {
		return p, fmt.Errorf("go list %s, of which it takes one package: %w", pattern, err)
	}
	return p, nil
}

// explained adds what a command said to the error that it ended with.
func explained(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return err
}

// build compiles the tests of a package. Its error has the output of the compiler.
func (r *runner) build(ctx context.Context, p pkg, binary string, flags ...string) error {
	args := append([]string{"test", "-c", "-o", binary, "-ldflags=-s -w"}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, p.ImportPath)...)
	cmd.Dir = p.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// command runs tests in the folder of their package, as go test does.
func (r *runner) command(ctx context.Context, p pkg, binary string, args ...string) *exec.Cmd {
	if r.short {
		args = append(args, "-test.short")
	}
	script := fmt.Sprintf(`ulimit -v %d 2>/dev/null; exec "$0" "$@"`, memory)
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", script, binary}, args...)...)
	cmd.Dir = p.Dir
	cmd.WaitDelay = time.Second
	return cmd
}

// cover runs each test of a package alone, and notes what it reaches. A test that fails is
// an error: nothing can be told from it.
func (r *runner) cover(ctx context.Context, p pkg, parallel int) (*coverage, error) {
	binary := filepath.Join(r.temp, "cover.test")
	if err := r.build(ctx, p, binary, "-cover", "-coverpkg="+p.ImportPath); err != nil {
		return nil, err
	}
	out, err := r.command(ctx, p, binary, "-test.list=^(Test|Example|Fuzz)").Output()
	if err != nil {
		return nil, fmt.Errorf("listing the tests of %s: %w", p.ImportPath, explained(err))
	}
	names := strings.Fields(string(out))
	c := &coverage{tests: make([]test, len(names)), blocks: make(map[string][]span)}
	errs := make([]error, len(names))
	var mu sync.Mutex // guards blocks
	each(parallel, len(names), func(i int) {
		profile := filepath.Join(r.temp, names[i]+".cover")
		begin := time.Now()
		out, err := r.command(ctx, p, binary, "-test.run="+only(names[i]), "-test.coverprofile="+profile).CombinedOutput()
		took := time.Since(begin)
		if err != nil {
			errs[i] = fmt.Errorf("%s fails alone and without a change: %w\n%s", names[i], err, out)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		reached, err := readProfile(profile, c.blocks)
		c.tests[i], errs[i] = test{names[i], took, reached}, err
	})
	for name, blocks := range c.blocks { // each profile has them all
		slices.SortFunc(blocks, func(a, b span) int {
			return slices.Compare([]int{a.line, a.col, a.endLine, a.endCol}, []int{b.line, b.col, b.endLine, b.endCol})
		})
		c.blocks[name] = slices.Compact(blocks)
	}
	slices.SortStableFunc(c.tests, func(a, b test) int { return int(a.took - b.took) })
	return c, errors.Join(errs...)
}

// try builds a mutant with the tests that reach it and runs those, the quick ones first.
func (r *runner) try(ctx context.Context, p pkg, m mutant, tests []test) (outcome, error) {
	if len(tests) == 0 {
		return uncovered, nil
	}
	dir, err := os.MkdirTemp(r.temp, "mutant")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	overlay, err := m.overlay(dir)
	if err != nil {
		return 0, err
	}
	binary := filepath.Join(dir, "mutant.test")
	if err := r.build(ctx, p, binary, "-overlay="+overlay); err != nil {
		return invalid, ctx.Err()
	}
	for len(tests) > 0 {
		batch, took := quickest(tests)
		tests = tests[len(batch):]
		limit := 20*time.Second + 10*took
		out, err := r.command(ctx, p, binary, "-test.failfast", "-test.timeout="+limit.String(), "-test.run="+only(namesOf(batch)...)).CombinedOutput()
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case bytes.Contains(out, []byte("panic: test timed out")):
			return endless, nil
		case err != nil:
			return killed, nil
		}
	}
	return survived, nil
}

// quickest takes from the front what takes a second in all, and at least half of the tests
// that are left if the first one takes longer than that.
func quickest(tests []test) (batch []test, took time.Duration) {
	for i, t := range tests {
		if i > 0 && took+t.took > time.Second && (tests[0].took <= time.Second || i >= (len(tests)+1)/2) {
			return tests[:i], took
		}
		took += t.took
	}
	return tests, took
}

// overlay writes the changed file, and the file that tells the go command to take it.
func (m mutant) overlay(dir string) (string, error) {
	src, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, filepath.Base(m.file))
	if err := os.WriteFile(changed, slices.Concat(src[:m.start], []byte(m.to), src[m.end:]), 0o600); err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {m.file: changed}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}

// only is the pattern for -test.run that matches these tests.
func only(names ...string) string { return "^(" + strings.Join(names, "|") + ")$" }

func namesOf(tests []test) []string {
	names := make([]string, len(tests))
	for i, t := range tests {
		names[i] = t.name
	}
	return names
}

// each calls do with 0 to n-1, parallel of them at a time.
func each(parallel, n int, do func(i int)) {
	var group sync.WaitGroup
	next := make(chan int)
	for range max(parallel, 1) {
		group.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}
