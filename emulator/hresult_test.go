package emulator_test

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/sfcancel/sfcancel/emulator"
)

// TestHRESULT compares the table with the reference: the complete status table (§4.3),
// and the codes that it names with their signed numbers (§4.2).
func TestHRESULT(t *testing.T) {
	text := string(referenceFile(t, "runtime-behaviour.md"))
	check := func(name string, want int32) {
		t.Helper()
		if got, ok := emulator.HRESULT(name); !ok || got != want {
			t.Errorf("%s is %d (%t), want %d", name, got, ok, want)
		}
	}
	rows := regexp.MustCompile(`(?m)^\| \d{3} \| ([A-Z0-9_]+) \| ([0-9A-F]{8}) \|`).FindAllStringSubmatch(text, -1)
	if len(rows) != 161 { // 162, and one is an internal value without a name
		t.Errorf("§4.3 has %d rows, want 161", len(rows))
	}
	for _, row := range rows {
		n, err := strconv.ParseUint(row[2], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		check(row[1], int32(uint32(n)))
	}
	signed := regexp.MustCompile(`(?m)^\| ([A-Z0-9_]+) \| \d{3} \| (-\d+) \|`).FindAllStringSubmatch(text, -1)
	if len(signed) < 15 {
		t.Errorf("§4.2 has %d rows with numbers", len(signed))
	}
	for _, row := range signed {
		n, err := strconv.ParseInt(row[2], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		check(row[1], int32(n))
	}
}

// §4.2 once more, for whoever has no reference: the numbers inside a Faulted result.
func TestHRESULTOfResults(t *testing.T) {
	for name, want := range map[string]int32{
		"FABRIC_E_PARTITION_NOT_FOUND":                         partitionNotFound,
		"FABRIC_E_SERVICE_DOES_NOT_EXIST":                      serviceDoesNotExist,
		"FABRIC_E_INVALID_FOR_STATELESS_SERVICES":              invalidForStateless,
		"FABRIC_E_ONLY_VALID_FOR_STATEFUL_PERSISTENT_SERVICES": onlyStatefulPersistent,
		"FABRIC_E_NODE_NOT_FOUND":                              nodeNotFound,
		"FABRIC_E_NODE_IS_UP":                                  nodeIsUp,
		"FABRIC_E_NODE_IS_DOWN":                                nodeIsDown,
		"FABRIC_E_ALREADY_STOPPED":                             alreadyStopped,
		"FABRIC_E_INSTANCE_ID_MISMATCH":                        instanceIDMismatch,
		"E_INVALIDARG":                                         invalidArg,
		"E_FAIL":                                               -2147467259,
		"E_ABORT":                                              -2147467260,
		"E_POINTER":                                            -2147467261,
		"E_NOTIMPL":                                            -2147467263,
		"E_OUTOFMEMORY":                                        -2147024882,
		"E_ACCESSDENIED":                                       -2147024891,
	} {
		if got, ok := emulator.HRESULT(name); !ok || got != want {
			t.Errorf("%s is %d (%t), want %d", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "S_OK", "fabric_e_timeout", "FABRIC_E_", "FABRIC_E_TIMEOUT ", "-2147017729"} {
		if got, ok := emulator.HRESULT(name); ok || got != 0 {
			t.Errorf("%q counts as %d", name, got)
		}
	}
}
