package otel

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/telemetry"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The attributes that are not of the conventions.
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

// Telemetry is no place for whatever a server likes to write, be it what it was sent as
// a credential: the names that it chooses are reported if the document has them, or the
// runtime.

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

// callName and className are names with underscores, as values of attributes should be.
func callName(c wrapper.Call) string     { return strings.ReplaceAll(c.Name, " ", "_") }
func className(a wrapper.Attempt) string { return strings.ReplaceAll(a.Class(), " ", "_") }
