package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A test is a test, an example or the seeds of a fuzz target, with what it reaches when
// it runs alone.
type test struct {
	name  string
	took  time.Duration
	spans map[string][]span // by name of the file: the blocks that it reaches
}

// A coverage says which test of a package reaches which block.
type coverage struct {
	tests  []test
	blocks map[string][]span // by name of the file: all blocks
}

// reaching lists the tests that reach the position of the mutant. Where the cover tool
// counts nothing, such as in the expressions of a case, these are the tests that reach
// the function around it, and outside of functions all.
func (c *coverage) reaching(m mutant) []test {
	name := filepath.Base(m.file)
	around := m.in
	for _, block := range c.blocks[name] {
		if block.contains(m.pos.Line, m.pos.Column) {
			around = block
			break
		}
	}
	if around == (span{}) {
		return c.tests
	}
	var reaching []test
	for _, t := range c.tests {
		for _, s := range t.spans[name] {
			if around.contains(s.line, s.col) {
				reaching = append(reaching, t)
				break
			}
		}
	}
	return reaching
}

// readProfile adds what a cover profile has: all blocks, and those that were reached.
func readProfile(path string, all map[string][]span) (map[string][]span, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reached := make(map[string][]span)
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "mode: ") {
			continue
		}
		colon := strings.LastIndexByte(line, ':')
		var s span
		var statements, count int
		if _, err := fmt.Sscanf(line[colon+1:], "%d.%d,%d.%d %d %d", &s.line, &s.col, &s.endLine, &s.endCol, &statements, &count); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", path, line, err)
		}
		name := filepath.Base(line[:colon])
		all[name] = append(all[name], s)
		if count > 0 {
			reached[name] = append(reached[name], s)
		}
	}
	return reached, lines.Err()
}
