// Package hresult has the numbers of the runtime's error codes (idl/public/FabricTypes.idl), which are the results
// of operations: the codes of its status table (runtime §4.3) and a few common ones.
package hresult

import (
	_ "embed" // for the table
	"iter"
	"strconv"
	"strings"
)

//go:embed hresults.txt
var table string

// Number returns the number of a code by its name, case-sensitive. It returns false if the name is unknown.
func Number(name string) (int32, bool) {
	for known, number := range all() {
		if known == name {
			return number, true
		}
	}
	return 0, false
}

// Name returns the code with a number, "" if there is none.
func Name(number int32) string {
	for name, known := range all() {
		if known == number {
			return name
		}
	}
	return ""
}

func all() iter.Seq2[string, int32] {
	return func(yield func(string, int32) bool) {
		for line := range strings.Lines(table) {
			name, digits, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			number, ok := parse(digits)
			if ok && name != "" && !yield(name, number) {
				return
			}
		}
	}
}

// parse parses a negative decimal number, or hexadecimal digits, whose top bit becomes the sign.
func parse(digits string) (int32, bool) {
	if n, err := strconv.ParseInt(digits, 10, 32); err == nil && n < 0 {
		return int32(n), true
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	return int32(n), err == nil
}
