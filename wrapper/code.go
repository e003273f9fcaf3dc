package wrapper

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
)

// Code is the code of a FabricError. The list is open: a server may send any text.
// It is an error itself, so that a code can be looked for directly:
//
//	errors.Is(err, wrapper.CodeInvalidTestCommandState)
type Code string

// The codes that decide something here (runtime §4.2). All others are
// constants of the generated package.
const (
	CodeInvalidTestCommandState      = Code(generated.ErrorCodeInvalidTestCommandState)
	CodeKeyNotFound                  = Code(generated.ErrorCodeKeyNotFound)
	CodeTestCommandOperationIDExists = Code(generated.ErrorCodeTestCommandOperationIDAlreadyExists)
	CodeNodeTransitionInProgress     = Code(generated.ErrorCodeNodeTransitionInProgress)
	CodeServiceTooBusy               = Code(generated.ErrorCodeServiceTooBusy)
	codeReplicationQueueFull         = Code("FABRIC_E_REPLICATION_QUEUE_FULL")
	codeFaultServiceNotInstalled     = Code("FMFailoverUnitNotFound")
)

// Error returns the code as it came.
func (c Code) Error() string { return string(c) }

// short is the code for a message: on one line, and no longer than any real one.
func (c Code) short() string {
	const longest = 100
	plain := func(r rune) bool { return r > ' ' && r < 0x7f }
	if len(c) <= longest && !strings.ContainsFunc(string(c), func(r rune) bool { return !plain(r) }) {
		return string(c)
	}
	return fmt.Sprintf("%.*q", longest, string(c))
}

// CodeOf returns the code of the last FabricError behind err, or "" if there is none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return ""
}
