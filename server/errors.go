package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// Error is a failure as a client may see it. An implementation returns one, as
// it is or wrapped with %w, and the handler sends its status, code and message
// as a FabricError. Whatever else is in the chain is logged and never sent.
//
// Make one with [NewError]. A literal works too: a Status that is no error
// status counts as [StatusOf] the code, an empty Code as E_FAIL, an empty
// Message as a fixed text. Errors are values: they are not changed after they
// were made, so one may be shared by goroutines.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Code is the code; the list of codes is open.
	Code generated.ErrorCode
	// Message is a sentence for a person. It goes to the client as it is.
	Message string
	// Header is sent with it, in the canonical form of net/http; nil sends none. What the edge sets
	// itself, such as the type of the body, it cannot change. It is read, never written.
	Header http.Header
	// RetryAfter is when the client may ask again, sent as Retry-After in whole seconds, rounded up;
	// 0 says nothing of it.
	RetryAfter time.Duration

	cause error
}

// NewError returns an Error with the status that [StatusOf] gives the code. An
// empty message stands for a fixed text that fits the code.
func NewError(code generated.ErrorCode, message string) *Error {
	if message == "" {
		message = fixedText(code)
	}
	return &Error{Status: StatusOf(code), Code: code, Message: message}
}

// Wrap returns a copy of e that has cause behind it. The cause is for the log
// and for errors.Is and errors.As; it is never sent. A nil e stays nil, and a
// nil cause takes away the one that was there.
//
// A cause that is, or wraps, [context.DeadlineExceeded] says that the timeout
// of the request was the reason, and turns the answer into 504.
func (e *Error) Wrap(cause error) *Error {
	if e == nil {
		return nil
	}
	c := *e
	c.cause = cause
	return &c
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// Error returns the code, the message and the cause. It is for logs: the cause
// in it must not reach a client.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	if e.cause == nil {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.cause)
}

// complete returns e with every part that the wire needs.
func (e *Error) complete() *Error {
	if e.Code != "" && e.Status >= 400 && e.Status <= 599 && e.Message != "" {
		return e
	}
	c := *e
	if c.Code == "" {
		c.Code = generated.ErrorCodeFail
	}
	if c.Status < 400 || c.Status > 599 {
		c.Status = StatusOf(c.Code)
	}
	if c.Message == "" {
		c.Message = fixedText(c.Code)
	}
	return &c
}

// classify decides what a client may learn from an error. The result is
// complete, and its cause is what belongs in the log.
func classify(err error) *Error {
	var own *Error
	isOwn := errors.As(err, &own) && own != nil

	switch {
	case errors.Is(err, context.DeadlineExceeded):
		// Also when an Error stands in front: what ended the request is its
		// timeout, and only that code says that the outcome is open (§3).
		return NewError(generated.ErrorCodeTimeout, "").Wrap(err)
	case isOwn:
		c := own.complete()
		if err != error(own) && err.Error() != own.Error() { //nolint:errorlint // it is the value itself, or something is around it
			return c.Wrap(err) // there is more in the chain for the log
		}
		return c
	case errors.Is(err, context.Canceled):
		return NewError(generated.ErrorCodeAbort, "").Wrap(err)
	default:
		return (&Error{Status: http.StatusInternalServerError, Code: generated.ErrorCodeFail}).complete().Wrap(err)
	}
}

// fixedText is the sentence for a person when an error brings none of its own.
// It is never empty: clients in the field lose the code of an error, or crash,
// when the message is missing.
func fixedText(code generated.ErrorCode) string {
	switch code {
	case generated.ErrorCodeInvalidArg:
		return "The request has a part that cannot be accepted."
	case generated.ErrorCodeNameDoesNotExist:
		return "A required parameter is missing."
	case generated.ErrorCodeKeyNotFound:
		return "No operation with this id is known."
	case generated.ErrorCodeInvalidTestCommandState:
		return "The operation is not in a state in which this is allowed."
	case generated.ErrorCodeTestCommandOperationIDAlreadyExists:
		return "The operation id is in use."
	case generated.ErrorCodeNodeTransitionInProgress:
		return "The node is already in a transition."
	case generated.ErrorCodeInvalidDuration:
		return "The duration is outside its bounds."
	case generated.ErrorCodeInvalidInstanceID:
		return "The node instance id is not valid."
	case generated.ErrorCodeInvalidNameURI:
		return "The service id does not form a name."
	case generated.ErrorCodeValueTooLarge:
		return "A value is too long."
	case generated.ErrorCodeMessageTooLarge:
		return "The request body is too large."
	case generated.ErrorCodeAccessDenied:
		return "Access is denied."
	case generated.ErrorCodeAbort:
		return "The request was abandoned before it was done."
	case generated.ErrorCodeReconfigurationPending:
		return "The fault service is being set up and cannot answer now."
	case generated.ErrorCodeTimeout:
		return "The timeout was reached. The request may have taken effect."
	case generated.ErrorCodeGatewayNotReachable:
		return "The cluster cannot be reached from the gateway."
	case generated.ErrorCodeFail:
		return "The server failed to handle the request."
	case generated.ErrorCodeNotImpl:
		return "The server does not implement this operation."
	case "":
		return fixedText(generated.ErrorCodeFail)
	default:
		return string(code)
	}
}

// maxExcerpt is how much of a caller's text a message or a log line repeats.
const maxExcerpt = 32

// excerpt returns a short prefix of a text that came from outside, safe to
// repeat inside quotes: printable ASCII only, everything else as '?'.
func excerpt(text string) string {
	if len(text) <= maxExcerpt && strings.IndexFunc(text, unsafe) < 0 {
		return text
	}
	var b strings.Builder
	for n, r := range text { // n counts bytes, which is enough for a limit
		if n >= maxExcerpt {
			b.WriteString("...")
			break
		}
		if unsafe(r) {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func unsafe(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }

// StatusOf returns the HTTP status that the runtime's gateway sends with a
// code: its own table (Management/HttpTransport/HttpUtil.cpp), restricted to
// the codes of the document. Every other code, and the empty one, is a 500, as
// it is there. Where the documents name another status than the code sends,
// this is what the code sends.
func StatusOf(code generated.ErrorCode) int {
	switch code {
	case generated.ErrorCodeInvalidArg,
		generated.ErrorCodeApplicationNotUpgrading,
		generated.ErrorCodeApplicationUpgradeValidationError,
		generated.ErrorCodeBackupInProgress,
		generated.ErrorCodeBackupNotEnabled,
		generated.ErrorCodeConfigurationSectionNotFound,
		generated.ErrorCodeFabricNotUpgrading,
		generated.ErrorCodeFabricUpgradeValidationError,
		generated.ErrorCodeImageBuilderValidationError,
		generated.ErrorCodeInvalidAddress,
		generated.ErrorCodeInvalidAtomicGroup,
		generated.ErrorCodeInvalidConfiguration,
		generated.ErrorCodeInvalidDuration,
		generated.ErrorCodeInvalidForStatelessServices,
		generated.ErrorCodeInvalidInstanceID,
		generated.ErrorCodeInvalidNameURI,
		generated.ErrorCodeInvalidPartitionKey,
		generated.ErrorCodeInvalidServiceScalingPolicy,
		generated.ErrorCodeInvalidTestCommandState,
		generated.ErrorCodeKeyTooLarge,
		generated.ErrorCodeNodeIsUp,
		generated.ErrorCodeNodeTransitionInProgress,
		generated.ErrorCodePathTooLong,
		generated.ErrorCodeServiceAffinityChainNotSupported,
		generated.ErrorCodeValueEmpty:
		return http.StatusBadRequest

	case generated.ErrorCodeAccessDenied:
		return http.StatusForbidden

	case generated.ErrorCodeApplicationNotFound,
		generated.ErrorCodeApplicationTypeNotFound,
		generated.ErrorCodeConfigurationParameterNotFound,
		generated.ErrorCodeDirectoryNotFound,
		generated.ErrorCodeEnumerationCompleted,
		generated.ErrorCodeFabricVersionNotFound,
		generated.ErrorCodeFileNotFound,
		generated.ErrorCodeHealthEntityNotFound,
		generated.ErrorCodeKeyNotFound,
		generated.ErrorCodeNameDoesNotExist,
		generated.ErrorCodeNodeNotFound,
		generated.ErrorCodePartitionNotFound,
		generated.ErrorCodePropertyDoesNotExist,
		generated.ErrorCodeReplicaDoesNotExist,
		generated.ErrorCodeServiceDoesNotExist,
		generated.ErrorCodeServiceGroupDoesNotExist,
		generated.ErrorCodeServiceManifestNotFound,
		generated.ErrorCodeServiceTypeNotFound,
		generated.ErrorCodeServiceTypeTemplateNotFound:
		return http.StatusNotFound

	case generated.ErrorCodeApplicationAlreadyExists,
		generated.ErrorCodeApplicationAlreadyInTargetVersion,
		generated.ErrorCodeApplicationTypeAlreadyExists,
		generated.ErrorCodeApplicationTypeInUse,
		generated.ErrorCodeApplicationTypeProvisionInProgress,
		generated.ErrorCodeApplicationUpgradeInProgress,
		generated.ErrorCodeFabricAlreadyInTargetVersion,
		generated.ErrorCodeFabricUpgradeInProgress,
		generated.ErrorCodeFabricVersionAlreadyExists,
		generated.ErrorCodeFabricVersionInUse,
		generated.ErrorCodeHealthStaleReport,
		generated.ErrorCodeInstanceIDMismatch,
		generated.ErrorCodeNameAlreadyExists,
		generated.ErrorCodeNameNotEmpty,
		generated.ErrorCodeNodeHasNotStoppedYet,
		generated.ErrorCodePropertyCheckFailed,
		generated.ErrorCodeRestoreSourceTargetPartitionMismatch,
		generated.ErrorCodeSequenceNumberCheckFailed,
		generated.ErrorCodeServiceAlreadyExists,
		generated.ErrorCodeServiceGroupAlreadyExists,
		generated.ErrorCodeServiceMetadataMismatch,
		generated.ErrorCodeServiceTypeMismatch,
		generated.ErrorCodeTestCommandOperationIDAlreadyExists:
		return http.StatusConflict

	case generated.ErrorCodeMessageTooLarge,
		generated.ErrorCodeValueTooLarge:
		return http.StatusRequestEntityTooLarge

	case generated.ErrorCodeNotImpl:
		return http.StatusNotImplemented

	case generated.ErrorCodeGatewayNotReachable:
		return http.StatusBadGateway

	case generated.ErrorCodeAbort,
		generated.ErrorCodeNotPrimary,
		generated.ErrorCodeNotReady,
		generated.ErrorCodeNoWriteQuorum,
		generated.ErrorCodeReconfigurationPending,
		generated.ErrorCodeServiceOffline,
		generated.ErrorCodeServiceTooBusy:
		return http.StatusServiceUnavailable

	case generated.ErrorCodeCommunicationError,
		generated.ErrorCodeOperationNotComplete,
		generated.ErrorCodeTimeout:
		return http.StatusGatewayTimeout

	default:
		return http.StatusInternalServerError
	}
}
