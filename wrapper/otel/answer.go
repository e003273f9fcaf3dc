package otel

import (
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/sfcancel/sfcancel/internal/telemetry"
)

// answer is the result of a round trip, without any text from the server.
type answer struct {
	status   int
	protocol string // the HTTP version; "" if unknown
	err      error
}

func answerOf(response *http.Response, err error) answer {
	if response == nil {
		return answer{err: err}
	}
	return answer{response.StatusCode, telemetry.Protocol(response.ProtoMajor, response.ProtoMinor), err}
}

// failure returns the error.type of a request, or "" if it succeeded. A status takes precedence over a later
// error (HTTP spans, note on error.type).
func (a answer) failure() string {
	switch {
	case a.status >= 400:
		return strconv.Itoa(a.status)
	case a.err != nil:
		return transportError(a.err)
	default:
		return ""
	}
}

// attributes returns the attributes that spans and metrics of requests share.
func (a answer) attributes(failure string) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 3)
	if a.status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(a.status))
	}
	if a.protocol != "" {
		attrs = append(attrs, semconv.NetworkProtocolVersion(a.protocol))
	}
	if failure != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(failure))
	}
	return attrs
}
