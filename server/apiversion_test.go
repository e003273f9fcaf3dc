package server_test

import (
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

func TestAPIVersion(t *testing.T) {
	with := func(text string) string { return cancelPath + "?OperationId=" + id + "&Force=true&api-version=" + text }
	run(t, []row{
		{name: "runtime §2: missing", target: cancelPath + "?OperationId=" + id + "&Force=true", documented: invalid, runtime: invalid},
		{name: "runtime §2: empty value", target: with(""), documented: invalid, runtime: invalid},
		{name: "runtime §2: 3.0", target: with("3.0"), documented: ok, runtime: ok, sees: version("3.0")},
		{name: "runtime §2: 6.0", target: with("6.0"), documented: ok, runtime: ok, sees: version("6.0")},
		{name: "runtime §2: 3.5", target: with("3.5"), documented: ok, runtime: ok, sees: version("3.5")},
		{name: "runtime §2: 2", target: with("2"), documented: invalid, runtime: ok, sees: version("2")},
		{name: "runtime §2: 2.9 is below the first documented one", target: with("2.9"), documented: invalid, runtime: ok},
		{name: "runtime §2: 1.0", target: with("1.0"), documented: invalid, runtime: ok, sees: version("1.0")},
		{name: "runtime §2: 0.9 is below 1.0", target: with("0.9"), documented: invalid, runtime: invalid},
		{name: "runtime §2: 8.2 equals the running version", target: with("8.2"), documented: ok, runtime: ok},
		{name: "runtime §2: 8.3 is above the running version", target: with("8.3"), documented: invalid, runtime: invalid},
		{name: "runtime §2: 99.0", target: with("99.0"), documented: invalid, runtime: invalid},
		{name: "runtime §2: abc is 0", target: with("abc"), documented: invalid, runtime: invalid},
		{name: "runtime §2: 6.0-preview", target: with("6.0-preview"), documented: invalid, runtime: ok, sees: version("6.0-preview")},
		{name: "runtime §2: 8.3-preview is still above", target: with("8.3-preview"), documented: invalid, runtime: invalid},
		{name: "runtime §2: -preview alone", target: with("-preview"), documented: invalid, runtime: invalid},
		{name: "runtime §2: the suffix is a set of characters", target: with("6.0e-preview"), documented: invalid, runtime: ok},
		{name: "runtime §2: 6", target: with("6"), documented: invalid, runtime: ok, sees: version("6")},
		{name: "runtime §2: 6.", target: with("6."), documented: invalid, runtime: ok},
		{name: "runtime §2: 6.0foo", target: with("6.0foo"), documented: invalid, runtime: ok, sees: version("6.0foo")},
		{name: "runtime §2: foo6.0", target: with("foo6.0"), documented: invalid, runtime: invalid},
		{name: "runtime §2: 6.0.1", target: with("6.0.1"), documented: invalid, runtime: invalid},
		{name: "runtime §2: 6.0foo.1, the second point comes too late", target: with("6.0foo.1"), documented: invalid, runtime: ok},
		{name: "runtime §2: Api-Version counts as missing", target: cancelPath + "?OperationId=" + id + "&Force=true&Api-Version=6.0", documented: invalid, runtime: invalid},
		{name: "runtime §2: 6.10 equals 6.1", target: with("6.10"), opts: []server.Option{server.WithRuntimeVersion("6.1")}, documented: invalid, runtime: ok},
		{name: "runtime §2: 8.10 is 8.1 to the runtime and after 8.2 to the documents", target: with("8.10"), documented: invalid, runtime: ok},
		{name: "runtime §2: 6.10 is a version to both when 8.2 runs", target: with("6.10"), documented: ok, runtime: ok},
		{name: "Parse.cpp: exponent", target: with("6e0"), documented: invalid, runtime: ok},
		{name: "Parse.cpp: exponent that goes too far", target: with("6e1"), documented: invalid, runtime: invalid},
		{name: "Parse.cpp: exponent without a number", target: with("6e"), documented: invalid, runtime: invalid},
		{name: "Parse.cpp: exponent out of all range", target: with("6e999999"), documented: invalid, runtime: invalid},
		{name: "Parse.cpp: plus", target: with("+6.0"), documented: invalid, runtime: ok},
		{name: "Parse.cpp: minus", target: with("-6.0"), documented: invalid, runtime: invalid},
		{name: "pattern of the document: no minor", target: with("6.x"), documented: invalid, runtime: ok},
		{name: "pattern of the document: no major", target: with(".6"), documented: invalid, runtime: invalid},
		{name: "pattern of the document: a number beyond 64 bits", target: with("99999999999999999999999.0"), documented: invalid, runtime: invalid},
	})
}
