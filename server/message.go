package server

import (
	"strings"

	"github.com/sfcancel/sfcancel/generated"
)

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
