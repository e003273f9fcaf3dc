package emulator

import (
	"fmt"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// Availability is in which condition the fault service is (runtime §4.2, §5.8).
type Availability string

// The conditions. In all but the first every call of the family is refused, reads
// included, whatever the operation: the runtime judges before it looks at anything
// (FaultAnalysisServiceImpl.cs, ThrowIfNotReady).
const (
	Ready                       Availability = "ready"
	Starting                    Availability = "starting"                    // takes up its records again: 503 E_ABORT
	NotPrimary                  Availability = "notPrimary"                  // 503 E_ABORT
	NoWriteQuorum               Availability = "noWriteQuorum"               // 503 E_ABORT
	NotDeployed                 Availability = "notDeployed"                 // not installed: 500 FMFailoverUnitNotFound
	HostingDeploymentInProgress Availability = "hostingDeploymentInProgress" // 503 FABRIC_E_RECONFIGURATION_PENDING
	GatewayCannotReachNaming    Availability = "gatewayCannotReachNaming"    // 502 FABRIC_E_GATEWAY_NOT_REACHABLE
)

// codeFailoverUnitNotFound is a name of the runtime's inside that leaks out: clients
// see "(FMFailoverUnitNotFound) Null" where no fault service is installed.
const codeFailoverUnitNotFound generated.ErrorCode = "FMFailoverUnitNotFound"

// Availabilities are all conditions, [Ready] first.
func Availabilities() []Availability {
	return []Availability{Ready, Starting, NotPrimary, NoWriteQuorum, NotDeployed, HostingDeploymentInProgress, GatewayCannotReachNaming}
}

// ParseAvailability reads a condition by its name, in exact letter case.
func ParseAvailability(text string) (Availability, error) {
	var names []string
	for _, a := range Availabilities() {
		if text == string(a) {
			return a, nil
		}
		names = append(names, string(a))
	}
	return "", fmt.Errorf("availability %q: it must be one of %s", text, strings.Join(names, ", "))
}

// refusal is the error that every call gets, nil if the service is ready.
func (a Availability) refusal() error {
	switch a {
	case Starting:
		return server.NewError(generated.ErrorCodeAbort, "The fault service is starting and does not accept calls yet.")
	case NotPrimary:
		return server.NewError(generated.ErrorCodeAbort, "This replica of the fault service is not the primary.")
	case NoWriteQuorum:
		return server.NewError(generated.ErrorCodeAbort, "The fault service has no write quorum.")
	case NotDeployed:
		return server.NewError(codeFailoverUnitNotFound, "The cluster has no fault service.")
	case HostingDeploymentInProgress:
		return server.NewError(generated.ErrorCodeReconfigurationPending, "")
	case GatewayCannotReachNaming:
		return server.NewError(generated.ErrorCodeGatewayNotReachable, "")
	case Ready, "":
		return nil
	default:
		return server.NewError(generated.ErrorCodeAbort, "The fault service is in a condition that nobody knows.")
	}
}

// SetAvailability puts the fault service into a condition. It holds for calls from now
// on, of this emulator alone; [Emulator.Record] and the like go on working.
func (e *Emulator) SetAvailability(a Availability) { e.availability.Store(&a) }

// available is what every operation of the API asks first.
func (e *Emulator) available() error {
	if a := e.availability.Load(); a != nil {
		return a.refusal()
	}
	return nil
}
