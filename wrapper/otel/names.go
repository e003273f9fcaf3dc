package otel

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/telemetry"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The attributes that the conventions do not define.
const (
	keyCall         = attribute.Key("sfcancel.call")
	keyOperationID  = attribute.Key("sfcancel.operation.id")
	keyKind         = attribute.Key("sfcancel.kind")
	keyForce        = attribute.Key("sfcancel.force")
	keyVerdict      = attribute.Key("sfcancel.verdict")
	keyState        = attribute.Key("sfcancel.state")
	keyResolved     = attribute.Key("sfcancel.resolved")
	keyAttempts     = attribute.Key("sfcancel.attempts")
	keyLedgerFailed = attribute.Key("sfcancel.ledger.failed")

	keyPurpose   = attribute.Key("sfcancel.purpose")
	keyRequestID = attribute.Key("sfcancel.request.id")
	keyClass     = attribute.Key("sfcancel.class")
	keyCode      = attribute.Key("sfcancel.code")

	keyPause   = attribute.Key("sfcancel.pause.duration")
	keyForceIn = attribute.Key("sfcancel.force.in")
	keyFrom    = attribute.Key("sfcancel.failover.from")
	keyTo      = attribute.Key("sfcancel.failover.to")
)

// A server could write anything into its responses, even the credential that it was sent. So a state, kind or
// code is reported only if the document or the runtime defines it.

func knownState(s wrapper.State) string {
	if generated.OperationState(s).Valid() {
		return string(s)
	}
	return telemetry.Other
}

func knownKind(k wrapper.Kind) string {
	if generated.OperationType(k).Valid() {
		return string(k)
	}
	return telemetry.Other
}

// callName and className replace the spaces in names by underscores, as is usual for attribute values.
func callName(c wrapper.Call) string     { return strings.ReplaceAll(c.Name, " ", "_") }
func className(a wrapper.Attempt) string { return strings.ReplaceAll(a.Class(), " ", "_") }
