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

// Error is a failure that a client may see. If an implementation returns one, directly
// or wrapped with %w, the handler sends its status, code and message
// as a FabricError. The rest of the chain is logged and never sent.
//
// Make one with [NewError]. A literal works too: if Status is not an error
// status it counts as [StatusOf] the code, an empty Code as E_FAIL, an empty
// Message as a fixed text. The package never changes an Error, so goroutines may share
// one.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Code is the code; the list of codes is open.
	Code generated.ErrorCode
	// Message is a sentence for a person. It is sent unchanged.
	Message string
	// Header has further headers of the answer, with canonical keys as in net/http; nil adds none. It
	// cannot change headers that the handler sets, such as Content-Type. It is never written to.
	Header http.Header
	// RetryAfter is how long the client should wait before a retry, sent as Retry-After in whole
	// seconds, rounded up; 0 sends no Retry-After.
	RetryAfter time.Duration

	cause error
}

// NewError returns an Error with the status that [StatusOf] returns for the code. An
// empty message is replaced by a fixed text for the code.
func NewError(code generated.ErrorCode, message string) *Error {
	if message == "" {
		message = fixedText(code)
	}
	return &Error{Status: StatusOf(code), Code: code, Message: message}
}

// Wrap returns a copy of e that wraps cause. The cause is for the log
// and for errors.Is and errors.As; it is never sent. A nil e stays nil, and a
// nil cause removes the earlier cause.
//
// If the cause is, or wraps, [context.DeadlineExceeded], the answer is 504: the request's
// timeout was the reason.
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

// Error returns the code, the message and the cause. It is for logs: a client must not see
// the cause.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	if e.cause == nil {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.cause)
}

// complete returns e with a code, an error status and a message.
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

// classify returns the part of an error that a client may see. The result is
// complete, and its cause is for the log.
func classify(err error) *Error {
	var own *Error
	isOwn := errors.As(err, &own) && own != nil

	switch {
	case errors.Is(err, context.DeadlineExceeded):
		// Even inside an Error: the timeout ended the request, and only this
		// code says that the outcome is unknown (§3).
		return NewError(generated.ErrorCodeTimeout, "").Wrap(err)
	case isOwn:
		c := own.complete()
		if err != error(own) && err.Error() != own.Error() { //nolint:errorlint // identity: is own itself, or is it wrapped?
			return c.Wrap(err) // the log gets the rest of the chain
		}
		return c
	case errors.Is(err, context.Canceled):
		return NewError(generated.ErrorCodeAbort, "").Wrap(err)
	default:
		return (&Error{Status: http.StatusInternalServerError, Code: generated.ErrorCodeFail}).complete().Wrap(err)
	}
}

// fixedText returns the message of an error that has none.
// It is never empty: without a message, existing clients lose the code of an error, or crash.
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

// maxExcerpt is the number of bytes of a caller's text that a message or a log line quotes.
const maxExcerpt = 32

// excerpt returns a short prefix of untrusted text that is safe
// inside quotes: printable ASCII only, everything else as '?'.
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
// code. It is the gateway's table (Management/HttpTransport/HttpUtil.cpp), restricted to
// the codes of the document. For any other code, and for the empty one, it is 500, as
// in the gateway. Where the documents and the gateway's source disagree, it is the status of
// the source.
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
