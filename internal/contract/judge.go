package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// refusals are the answers that only an edge gives: the request is
// malformed, and no implementation was called. Other codes, such as that of an unknown
// operation id, come from the implementation.
var refusals = map[string]int{
	"E_INVALIDARG":                 http.StatusBadRequest,
	"FABRIC_E_INVALID_INSTANCE_ID": http.StatusBadRequest,
	"FABRIC_E_INVALID_NAME_URI":    http.StatusBadRequest,
	"FABRIC_E_NAME_DOES_NOT_EXIST": http.StatusNotFound,
	"FABRIC_E_MESSAGE_TOO_LARGE":   http.StatusRequestEntityTooLarge,
	"FABRIC_E_VALUE_TOO_LARGE":     http.StatusRequestEntityTooLarge,
}

// judge reports what is wrong with an exchange.
func (c *checker) judge(x *exchange) {
	c.t.Helper()
	reasons := c.verdict(x.request)
	for _, row := range c.rows {
		if row.answers != nil && row.answers(x) {
			return
		}
	}

	code := x.code()
	refused := refusals[code] == x.status
	// The cluster id and the caller are checked before the parameters, so a request
	// that fails both may be answered with either.
	denied := x.status == http.StatusForbidden && code == "E_ACCESSDENIED" && (x.request.inView() != nil || x.request.outside())
	var complaints []string
	switch reached := x.reached.Load(); {
	case len(reasons) > 0 && reached:
		complaints = append(complaints, "the document forbids the request, and it reached the implementation")
	case !x.whole && x.status >= http.StatusBadRequest: // the body, and so the code, was not read completely
	case len(reasons) > 0 && !refused && !denied:
		complaints = append(complaints, "the document forbids the request, and it was not refused as malformed")
	case len(reasons) == 0 && refused && !reached:
		complaints = append(complaints, "the document allows the request, and it was refused as malformed")
	}
	if complaints = append(complaints, x.mistakes()...); len(complaints) > 0 {
		c.report(x, reasons, complaints)
	}
}

// code returns the code of a FabricError, or "".
func (x *exchange) code() string {
	var e struct{ Error struct{ Code string } }
	if x.status < http.StatusBadRequest || json.Unmarshal(x.body, &e) != nil {
		return ""
	}
	return e.Error.Code
}

func (c *checker) report(x *exchange, reasons, complaints []string) {
	c.t.Helper()
	var b strings.Builder
	q := x.request
	fmt.Fprintf(&b, "contract: %s\n\tprofile: %s, judged by the %s", short(q.line), c.edge.Profile, q.view().name)
	if q.op != nil {
		fmt.Fprintf(&b, ", %s", q.op.id)
	}
	if len(reasons) == 0 {
		reasons = []string{"allowed"}
	}
	for _, reason := range reasons {
		fmt.Fprintf(&b, "\n\tthe document on the request: %s", short(reason))
	}
	for _, complaint := range complaints {
		fmt.Fprintf(&b, "\n\tmistake: %s", short(complaint))
	}
	fmt.Fprintf(&b, "\n\tthe answer: %d, Content-Type %q, body %s", x.status, x.header.Values("Content-Type"), short(fmt.Sprintf("%q", x.body)))
	c.t.Errorf("%s", b.String())
}

// short keeps a report readable.
func short(text string) string {
	const most = 500
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
