package server_test

import (
	"math/big"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/server"
)

func TestQueryRules(t *testing.T) {
	run(t, []row{
		{name: "runtime §1.3: names are case-sensitive, operationid", target: cancelPath + "?api-version=6.0&operationid=" + id + "&Force=true", documented: missing, runtime: missing},
		{name: "runtime §1.3: names are case-sensitive, force", target: cancel + "&force=true", documented: missing, runtime: ok, sees: graceful},
		{name: "runtime §1.3: an unknown name in another case does no harm", target: gracefully + "&force=true", documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.3: Force= is absent", target: cancel + "&Force=", documented: missing, runtime: ok, sees: graceful},
		{name: "runtime §1.3: OperationId= is absent", target: cancelPath + "?api-version=6.0&OperationId=&Force=true", documented: missing, runtime: missing},
		{name: "runtime §1.3: a name without = is absent", target: cancel + "&Force", documented: missing, runtime: ok, sees: graceful},
		{name: "runtime §1.3: a=b=c is dropped", target: cancel + "&Force=true=x", documented: missing, runtime: ok, sees: graceful},
		{name: "runtime §1.3: Force==true is accepted", target: cancel + "&Force==true", documented: ok, runtime: ok, sees: forced},
		{name: "runtime §1.3: empty pieces anywhere are skipped", target: cancel + "&=Force==true=", documented: ok, runtime: ok, sees: forced},
		{name: "runtime §1.3: first occurrence wins", target: cancel + "&Force=true&Force=false", documented: ok, runtime: ok, sees: forced},
		{name: "runtime §1.3: first occurrence wins, even a bad one", target: cancel + "&Force=x&Force=false", documented: invalid, runtime: invalid},
		{name: "runtime §1.3: a pair that does not count is no occurrence", target: cancel + "&Force=&Force=a=b&Force=true", documented: ok, runtime: ok, sees: forced},
		{name: "runtime §1.3: first OperationId wins", target: gracefully + "&OperationId=" + partition, documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.3: first api-version wins", target: gracefully + "&api-version=99.0", documented: ok, runtime: ok, sees: version("6.0")},
		{name: "runtime §1.3: first timeout wins", target: gracefully + "&timeout=5&timeout=0", documented: ok, runtime: ok, sees: timeout(5, 5)},
		{name: "runtime §1.3: values are not percent-decoded", target: cancelPath + "?api-version=6.0&OperationId=" + strings.ReplaceAll(id, "-", "%2D") + "&Force=true", documented: invalid, runtime: invalid},
		{name: "runtime §1.3: api-version is not percent-decoded", target: cancelPath + "?api-version=6%2E0&OperationId=" + id + "&Force=true", documented: invalid, runtime: ok, sees: version("6%2E0")},
		{name: "runtime §1.3: a plus is a plus", target: cancel + "&Force=true+", documented: invalid, runtime: invalid},
		{name: "runtime §1.3: names are not percent-decoded", target: cancel + "&%46orce=true", documented: missing, runtime: ok, sees: graceful},
		{name: "runtime §1.3: a name that decodes to a known one is no second value", target: gracefully + "&%46orce=true&Fo%72ce=true", documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.3: nor the same for timeout", target: gracefully + "&time%6Fut=0", documented: ok, runtime: ok, sees: timeout(60, -1)},
		{name: "runtime §1.3: unknown parameters are ignored", target: gracefully + "&a=b&a=c&$top=5&x[]=1;&&%zz=1", documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.3: thousands of unknown parameters are ignored", target: gracefully + strings.Repeat("&a", 20000), documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.3: a parameter of another operation is unknown", target: gracefully + "&StateFilter=junk&DataLossMode=junk", documented: ok, runtime: ok, sees: graceful},
		{name: "runtime §1.3: the query of a path variable's name is ignored", method: "GET", target: lossProgress + "&partitionId=junk&serviceId=x", documented: ok, runtime: ok},
		{name: "no query", target: cancelPath, documented: invalid, runtime: invalid},
		{name: "empty query", target: cancelPath + "?", documented: invalid, runtime: invalid},
	})
}

// pairs is the model of §1.3: the whole of it.
func pairs(raw string) map[string]string {
	m := make(map[string]string)
	for _, piece := range strings.Split(raw, "&") {
		var parts []string
		for _, part := range strings.Split(piece, "=") {
			if part != "" {
				parts = append(parts, part)
			}
		}
		if len(parts) == 2 {
			if _, seen := m[parts[0]]; !seen {
				m[parts[0]] = parts[1]
			}
		}
	}
	return m
}

// predict says what a cancel with that query comes to in the runtime profile.
// The api-version is judged elsewhere, so the query has a good one in front.
func predict(m map[string]string) (w want, force bool) {
	guid, ok1 := m["OperationId"]
	if !ok1 {
		return missing, false
	}
	if !isGUID(guid) {
		return invalid, false
	}
	switch f := m["Force"]; {
	case f == "", sameASCII(f, "false"):
	case sameASCII(f, "true"):
		force = true
	default:
		return invalid, false
	}
	digits := strings.TrimPrefix(strings.Trim(m["timeout"], " "), "+")
	if strings.Trim(digits, "0123456789") == "" && digits != "" {
		if n, _ := new(big.Int).SetString(digits, 10); n.Sign() == 0 {
			return invalid, false
		}
	}
	return ok, force
}

func sameASCII(a, b string) bool {
	return len(a) == len(b) && strings.EqualFold(a, b)
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		if wantHyphen := i == 8 || i == 13 || i == 18 || i == 23; wantHyphen != (r == '-') {
			return false
		}
		if !strings.ContainsRune("0123456789abcdefABCDEF-", r) {
			return false
		}
	}
	return true
}

func checkAgainstModel(t testing.TB, raw string) {
	raw = "api-version=6.0&" + raw
	r, err := parse("POST", cancelPath)
	if err != nil {
		t.Fatal(err)
	}
	r.URL.RawQuery = raw
	got := askWith(t, &spy{}, r, server.WithProfile(server.Runtime))
	m := pairs(raw)
	w, force := predict(m)
	if got.want != w {
		t.Fatalf("%q: got %v %s, want %v", raw, got.want, got.message, w)
	}
	if w == ok {
		p := got.spy.cancel()
		if p.Force != force || !strings.EqualFold(p.OperationID.String(), m["OperationId"]) {
			t.Fatalf("%q: got %+v, want force %v", raw, p, force)
		}
	}
	if r.URL.RawQuery != raw || r.URL.Path != cancelPath {
		t.Fatalf("the caller's request was changed to %v", r.URL)
	}
}

func TestQueryMatchesModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.SampledFrom([]string{
			"OperationId", "OperationId", id, strings.ToUpper(id), "Force", "Force", "true", "False", "timeout", "0", "5", "+07", "4294967296",
			"%46orce", "force", "api-version", "x", "%2D", "+", ";", "%", "é",
		})
		piece := rapid.Custom(func(r *rapid.T) string {
			parts := rapid.SliceOfN(text, 0, 3).Draw(r, "parts")
			eq := rapid.SampledFrom([]string{"=", "=", "=", "=="}).Draw(r, "eq")
			return rapid.SampledFrom([]string{"", "", "="}).Draw(r, "lead") + strings.Join(parts, eq)
		})
		raw := strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(r, "pieces"), "&")
		if rapid.Bool().Draw(r, "withID") {
			raw += "&OperationId=" + id
		}
		checkAgainstModel(t, raw)
	})
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "OperationId=" + id, "OperationId=" + id + "&Force=true&timeout=1", "Force==true&OperationId=" + id,
		"OperationId=" + id + "&Force=&Force=TRUE", "%4FperationId=" + id, "OperationId=" + id + "&%46orce=true", "a=b=c&;&+&%zz&OperationId=" + id,
		"OperationId=" + id + "&timeout=%31", url.QueryEscape("OperationId=" + id), "OperationId=" + id + "&Force=fal\u017fe",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) { checkAgainstModel(t, raw) })
}
