package telemetry

import "github.com/sfcancel/sfcancel/generated"

// Code returns the code of a failure if the document or the runtime has it, and [Other] if not, to bound
// the number of different values.
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
