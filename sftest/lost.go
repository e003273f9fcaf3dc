package sftest

import "github.com/sfcancel/sfcancel/internal/wirefault"

// DropBefore closes the connection, and the server never sees the request. The caller
// gets no answer, and cannot tell it from [DropAfter].
func DropBefore() Fault { return fixed("DropBefore", wirefault.Fault{}.Through) }

// DropAfter closes the connection after the request was carried out: the answer is lost.
func DropAfter() Fault { return fixed("DropAfter", wirefault.Fault{Apply: true}.Through) }

// HangBefore keeps the connection open without an answer until the caller has gone, and
// the server never sees the request. The caller needs a timeout.
func HangBefore() Fault { return fixed("HangBefore", wirefault.Fault{Hang: true}.Through) }

// HangAfter is [HangBefore] after the request was carried out.
func HangAfter() Fault {
	return fixed("HangAfter", wirefault.Fault{Apply: true, Hang: true}.Through)
}
