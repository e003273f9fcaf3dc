package emulator_test

import (
	"testing"

	"github.com/sfcancel/sfcancel/emulator"
)

// The numbers inside a Faulted result, by the names that the tests here have for them.
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
	for _, name := range []string{"", "S_OK", "fabric_e_timeout", "FABRIC_E_", "FABRIC_E_TIMEOUT ", "-2147017729", "#", "E_INVALIDARG 80070057"} {
		if got, ok := emulator.HRESULT(name); ok || got != 0 {
			t.Errorf("%q counts as %d", name, got)
		}
	}
}
