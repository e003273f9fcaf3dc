package emulator

import "github.com/sfcancel/sfcancel/internal/hresult"

// HRESULT returns the number of an error code by its name, as the runtime has it
// (idl/public/FabricTypes.idl): the codes of its status table (runtime §4.3) and a few
// common ones. Names are in exact letter case; false says that the name is not among them.
func HRESULT(code string) (int32, bool) { return hresult.Number(code) }
