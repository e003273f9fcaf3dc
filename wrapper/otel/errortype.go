package otel

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"

	"github.com/sfcancel/sfcancel/internal/telemetry"
	"github.com/sfcancel/sfcancel/wrapper"
)

// errPanic is used as the error of a function that did not return, because of a panic or
// of runtime.Goexit.
var errPanic = errors.New("panic")

// meanings lists the values of error.type for a call, one for each meaning of a
// [wrapper.Error].
var meanings = []struct {
	of   error
	name string
}{
	{wrapper.ErrOutcomeUnknown, "outcome_unknown"},
	{wrapper.ErrInvalidArgument, "invalid_argument"},
	{wrapper.ErrForceRefused, "force_refused"},
	{wrapper.ErrNotSent, "not_sent"},
	{wrapper.ErrServerRefused, "server_refused"},
	{wrapper.ErrUnavailable, "unavailable"},
	{wrapper.ErrNotFinished, "not_finished"},
	{errPanic, "panic"},
}

func meaning(err error) string {
	for _, m := range meanings {
		if errors.Is(err, m.of) {
			return m.name
		}
	}
	return telemetry.Other // an error of middleware
}

// transportError returns the error.type of a request without a complete response. It has low cardinality, and
// contains no text of the error.
func transportError(err error) string {
	var late interface{ Timeout() bool }
	var cert *tls.CertificateVerificationError
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(err, errPanic):
		return "panic"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return "timeout"
	case errors.Is(err, wrapper.ErrNotSent):
		return "not_sent"
	case errors.As(err, &cert):
		return "server_certificate_invalid"
	case errors.As(err, &dns):
		return "name_not_resolved"
	case errors.As(err, &op) && op.Op == "dial":
		return "connection_failed"
	case op != nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection_lost"
	case errors.Is(err, wrapper.ErrBadAnswer):
		return "bad_answer"
	default:
		return telemetry.Other
	}
}
