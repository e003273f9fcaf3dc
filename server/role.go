package server

import (
	"context"
	"strconv"

	"github.com/sfcancel/sfcancel/generated"
)

// Role is what a client may do (§7). It matters with [WithClientCertificates]
// only: without it the runtime, and a [Handler] too, takes everybody for an
// [Admin].
//
// The zero value is no role: nobody was authenticated. A role includes those
// below it, so that roles compare with < and >.
type Role uint8

const (
	// User may do what the document leaves to users, and ask the version of the cluster.
	User Role = iota + 1

	// Admin may do everything.
	Admin
)

// String returns "user" or "admin", and Role(n) for any other value.
func (r Role) String() string {
	switch r {
	case User:
		return "user"
	case Admin:
		return "admin"
	default:
		return "Role(" + strconv.Itoa(int(r)) + ")"
	}
}

// ClientRole returns the role of the client that an implementation is called
// for, for rules of its own: the handler has already refused what the runtime
// refuses to that role. Without [WithClientCertificates] it is [Admin]; in a
// context that no [Handler] made it is 0.
func ClientRole(ctx context.Context) Role {
	return callOf(ctx).role
}

// authorise says whether a role may have an operation carried out. The defaults
// are those of the runtime's section Security/ClientAccess
// (Naming/ClientAccessConfig.h). An operation of which the document does not say it is for
// admins: nobody has decided about it yet.
func (r *route) authorise(role Role) *Error {
	if role >= Admin || r.users && role >= User {
		return nil
	}
	return NewError(generated.ErrorCodeAccessDenied, "The role of this client certificate may not do this. An admin may.")
}
