package server

import "github.com/sfcancel/sfcancel/generated"

// Unimplemented answers every operation with 501 E_NOTIMPL. Embed it by value in an implementation
// that has only some of the operations: the rest then answers truthfully, and the implementation
// goes on compiling when the document gains an operation.
//
// The zero value is ready, and safe for concurrent use.
type Unimplemented = generated.Unimplemented
