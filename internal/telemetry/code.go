package telemetry

import "github.com/sfcancel/sfcancel/generated"

// Code is the code of a failure if the document has it, or the runtime, and [Other] if not: telemetry
// is no place for whatever a server likes to write.
func Code(c generated.ErrorCode) string {
	switch {
	case c.Valid():
		return string(c)
	case c == "FMFailoverUnitNotFound", c == "FABRIC_E_REPLICATION_QUEUE_FULL": // runtime §4.2
		return string(c)
	default:
		return Other
	}
}
