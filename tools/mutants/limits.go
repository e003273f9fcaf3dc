package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// A limit is a package and the least percentage of its mutants that has to be killed.
type limit struct {
	pattern string
	percent float64
}

// An excuse is a survivor that no test can tell from the original, with the reason.
type excuse struct{ file, function, change string }

// readLimits reads the file of limits. A line is a package and its percentage,
//
//	./store/memory 95
//
// or a survivor that is the same program, by file, function and change, with the reason:
//
//	store/memory/store.go Store.Watch: < -> <= # why
//
// An excuse is for all survivors that it fits. Lines that begin with # are comments.
func readLimits(path string) (limits []limit, excuses map[excuse]string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	excuses = make(map[excuse]string)
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		where, change, isExcuse := strings.Cut(line, ": ")
		if isExcuse {
			change, why, ok := strings.Cut(change, " # ")
			name, function, ok2 := strings.Cut(where, " ")
			if !ok || !ok2 || strings.TrimSpace(why) == "" {
				return nil, nil, fmt.Errorf("%s:%d: want FILE FUNCTION: CHANGE # REASON", path, n)
			}
			excuses[excuse{name, function, strings.TrimSpace(change)}] = why
			continue
		}
		fields := strings.Fields(line)
		if len(fields) != 2 {
			return nil, nil, fmt.Errorf("%s:%d: want PACKAGE PERCENT", path, n)
		}
		percent, err := strconv.ParseFloat(fields[1], 64)
		if err != nil || percent < 0 || percent > 100 {
			return nil, nil, fmt.Errorf("%s:%d: %q is no percentage", path, n, fields[1])
		}
		limits = append(limits, limit{fields[0], percent})
	}
	return limits, excuses, lines.Err()
}
