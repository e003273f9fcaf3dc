package contract

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sfcancel/sfcancel/server"
)

// difference is one deliberate difference of a server from the document.
// It has exactly one of reads, forbids and answers.
//
// Rows with reads only rewrite the request to what it means to the server:
// the result is still checked against the document, so that two differences at once hide nothing.
type difference struct {
	name     string
	profiles []server.Profile
	reason   string // with its source: a section of docs/runtime.md, or the document

	// ofPath marks the rows that apply before the operation is known.
	ofPath bool
	// reads rewrites a request as the server reads it.
	reads func(q *request)
	// forbids reports whether the server must refuse a request that the schemas of the
	// document allow.
	forbids func(q *request) bool
	// answers reports whether the answer is right, whatever the document says.
	answers func(x *exchange) bool
}

var (
	both           = []server.Profile{server.Documented, server.Runtime}
	documentedOnly = []server.Profile{server.Documented}
	runtimeOnly    = []server.Profile{server.Runtime}
)

func rowsFor(p server.Profile, rows []difference) []difference {
	return slices.DeleteFunc(slices.Clone(rows), func(d difference) bool { return !slices.Contains(d.profiles, p) })
}

// differences are all intended differences, in the order in which they apply to a
// request.
var differences = []difference{
	// The path.
	{
		name: "slashes", profiles: both, ofPath: true, reads: foldSlashes,
		reason: "trailing and double slashes do not matter (runtime §1.2)",
	},
	{
		name: "escaped literals", profiles: both, ofPath: true, reads: bareLiterals,
		reason: "the server compares decoded text, so that %24 is as good as the $ of the document (package server, way of a request)",
	},
	{
		name: "levels", profiles: both, ofPath: true, reads: joinLevels,
		reason: "a variable spans pieces up to the next literal (runtime §1.2): the levels of a service name are joined by / before 6.0",
	},
	{
		name: "a bare $ is no value", profiles: both, forbids: bareDollar,
		reason: "the next literal ends a variable, and every variable is followed by $ (runtime §1.2)",
	},

	// The query.
	{
		name: "pairs", profiles: both, reads: onlyPairs,
		reason: "a pair counts if splitting it at = leaves exactly two pieces that are not empty (runtime §1.3)",
	},
	{
		name: "raw text", profiles: both, reads: rawText,
		reason: "the query is not percent-decoded, and a plus is a plus (runtime §1.3)",
	},
	{
		name: "first pair", profiles: both, reads: firstPairs,
		reason: "the first pair of a name wins (runtime §1.3)",
	},

	// api-version.
	{
		name: "range of versions", profiles: documentedOnly, forbids: func(q *request) bool { return !withinVersions(q) },
		reason: "the whole document takes every text of the form; it says that a runtime takes those from the first documented one up to its own",
	},
	{
		name: "versions between", profiles: documentedOnly, reads: lastDocumented,
		reason: "a runtime also takes versions without a document, and behaves as the last documented one that is not above (the document, api-version)",
	},
	{
		name: "range of numbers", profiles: runtimeOnly, forbids: func(q *request) bool { return !withinNumbers(q) },
		reason: "a number above the version of the runtime is refused (runtime §2)",
	},
	{
		name: "versions are numbers", profiles: runtimeOnly, reads: numberedVersion,
		reason: "any number from 1.0 on is taken, and 6, 6.0-preview and 6.0foo are numbers (runtime §2)",
	},
	{
		name: "timeout=0 before 6.0", profiles: both,
		forbids: func(q *request) bool {
			text, ok := q.get("timeout")
			seconds, isNumber := decimal(text, 32)
			return ok && !q.inView().takes("timeout") && isNumber && seconds == 0
		},
		reason: "the document of 3.0 has no timeout; the code has one in every version and refuses 0 (runtime §3, §9.1)",
	},
	{
		name: "unknown names", profiles: both, reads: knownNames,
		reason: "unknown names are ignored (runtime §1.3)",
	},

	// Parameters that may be missing or are ignored.
	{
		name: "Force is optional", profiles: runtimeOnly, reads: orElse("Force", "false"),
		reason: "false if missing (runtime §1.4)",
	},
	{
		name: "StateFilter is optional", profiles: runtimeOnly, reads: orElse("StateFilter", "0"),
		reason: "0 if missing (runtime §1.4)",
	},
	{
		name: "TypeFilter is optional", profiles: runtimeOnly, reads: orElse("TypeFilter", "0"),
		reason: "0 if missing (runtime §1.4)",
	},
	{
		name: "the duration of a start", profiles: runtimeOnly,
		reads: func(q *request) {
			if kind, _ := q.get("NodeTransitionType"); q.has("StopDurationInSeconds") && kind != "Stop" {
				q.set("StopDurationInSeconds", "0")
			}
		},
		reason: "StopDurationInSeconds is read for a stop only (runtime §1.4)",
	},
	{
		name: "the path of a progress call", profiles: runtimeOnly,
		reads: func(q *request) {
			if q.method == http.MethodGet && q.vars["partitionId"] != "" {
				q.vars["serviceId"], q.vars["partitionId"] = "any", "00000000-0000-0000-0000-000000000000"
			}
			if q.method == http.MethodGet && q.vars["nodeName"] != "" {
				q.vars["nodeName"] = "any"
			}
		},
		reason: "progress calls judge the operation id only (runtime §1.4)",
	},

	// How values are written.
	{
		name: "letter case of Force", profiles: both,
		reads: func(q *request) {
			q.change("Force", func(text string) (string, bool) {
				lower := strings.ToLower(text)
				return lower, len(lower) == len(text) // only ASCII letters
			})
		},
		reason: "true or false in any letter case (runtime §1.4): the .NET client sends True and False",
	},
	{
		name: "numbers of filters", profiles: both,
		reads: func(q *request) {
			q.change("StateFilter", decimalOf(32))
			q.change("TypeFilter", decimalOf(32))
		},
		reason: "decimal or after 0x (runtime §1.4): the official example writes 0xFF",
	},
	{
		name: "numbers", profiles: runtimeOnly,
		reads: func(q *request) {
			q.change("NodeInstanceId", decimalOf(64))
			q.change("StopDurationInSeconds", decimalOf(32))
			q.change("QuorumLossDuration", decimalOf(32))
		},
		reason: "the parser of the runtime also takes 0x, a plus and blanks (package server, profiles; Common/Parse.cpp)",
	},
	{
		name: "unreadable timeout", profiles: runtimeOnly,
		reads: func(q *request) {
			text, _ := q.get("timeout")
			if _, ok := decimal(text, 32); !ok {
				q.drop("timeout")
			}
			q.change("timeout", plain)
		},
		reason: "60 if it cannot be read as an unsigned 32-bit decimal, which may have a plus (runtime §3)",
	},
	{
		name: "QuorumReplicas", profiles: runtimeOnly, forbids: isText("QuorumLossMode", "QuorumReplicas"),
		reason: "the runtime does not know the documented text (runtime §1.4)",
	},
	{
		name: "QuorumLossReplicas", profiles: both,
		reads: func(q *request) {
			q.change("QuorumLossMode", func(text string) (string, bool) { return "QuorumReplicas", text == "QuorumLossReplicas" })
		},
		reason: "the views have the documented texts only; runtimes call the mode so, and the whole document has both (runtime §1.4)",
	},

	// Rules in the descriptions that the schemas do not express.
	{
		name: "Invalid is reserved", profiles: both,
		forbids: anyValue(func(_ *openapi3.Schema, text string) bool { return text == "Invalid" }),
		reason:  "the document lists the text and calls it reserved; it is refused (runtime §1.4)",
	},
	{
		name: "numbers are unsigned", profiles: both,
		forbids: anyValue(func(schema *openapi3.Schema, text string) bool {
			_, fits := digits(text, 32)
			return schema.Type.Is(openapi3.TypeInteger) && schema.Max == nil && !fits
		}),
		reason: "the document has integers without bounds, the server unsigned 32-bit numbers (runtime §1.4)",
	},
	{
		name: "NodeInstanceId is a number", profiles: both,
		forbids: func(q *request) bool {
			text, ok := q.get("NodeInstanceId")
			n, fits := digits(text, 64)
			return ok && (!fits || n == 0)
		},
		reason: "a string by its schema, by its description a decimal number other than 0 (runtime §1.4)",
	},
	{
		name: "names of services", profiles: both,
		forbids: func(q *request) bool { id, ok := q.vars["serviceId"]; return ok && !formsName(id) },
		reason:  "fabric:/ and the service id must make a name (runtime §1.4)",
	},
	{
		name: "length of node names", profiles: both,
		forbids: func(q *request) bool { return utf8.RuneCountInString(q.vars["nodeName"]) > 4096 },
		reason:  "1 to 4096 characters (runtime §1.4)",
	},

	// The body.
	{
		name: "size of the body", profiles: both, forbids: func(q *request) bool { return q.body.tooLarge() },
		reason: "no operation has a body; one is read and ignored up to 4194304 bytes (runtime §1.2)",
	},
	{
		name: "a body that breaks off", profiles: both, forbids: func(q *request) bool { return q.body.broken.Load() },
		reason: "the body is read before the parameters (runtime §1.2), so a request with an incomplete body is refused",
	},

	// Answers.
	{
		name: "outside of the document", profiles: both,
		answers: func(x *exchange) bool { return x.request.outside() && x.status == http.StatusOK },
		reason:  "a gateway also answers what tools ask besides the operations (server/gateway.go); the document is about the fault operations",
	},
	{
		name: "no body of 403", profiles: both,
		answers: func(x *exchange) bool {
			return x.request.edge.Authenticates && !x.reached.Load() && x.status == http.StatusForbidden &&
				len(x.body) == 0 && len(x.header.Values("Content-Type")) == 0 &&
				// Path and version come first (§1.2).
				(x.request.outside() || x.request.inView() != nil && x.request.view() != x.request.docs.whole)
		},
		reason: "missing or bad credentials are 403 with an empty body (runtime §7)",
	},
}
