package emulator

import (
	_ "embed" // of the table
	"strconv"
	"strings"
)

//go:embed hresults.txt
var hresults string

// HRESULT returns the number of an error code by its name, as the runtime has it
// (idl/public/FabricTypes.idl): the codes of its status table (runtime §4.3) and a few
// common ones. Names are in exact letter case; false says that the name is not among them.
func HRESULT(code string) (int32, bool) {
	for line := range strings.Lines(hresults) {
		name, number, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if name != code || name == "" {
			continue
		}
		if n, err := strconv.ParseInt(number, 10, 32); err == nil && n < 0 {
			return int32(n), true
		}
		n, err := strconv.ParseUint(number, 16, 32)
		return int32(n), err == nil // the sign bit says that it is a failure
	}
	return 0, false
}
