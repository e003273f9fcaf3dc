package wrapper_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

const htmlPage = "<!DOCTYPE html><html><body>Service Unavailable</body></html>"

// bad is an answer that is not one of this API, or not the one that was wanted, and
// what has to be said of it when it is the only one.
type bad struct {
	name   string
	answer wirefault.Fault
	kind   error // to a cancel; a list that is ambiguous is ErrUnavailable
	code   wrapper.Code
	isBad  bool // ErrBadAnswer, and what came of the body is kept
}

var (
	unknown, refused = wrapper.ErrOutcomeUnknown, wrapper.ErrServerRefused

	badAnswers = []bad{
		{"a 503 that is no JSON", wirefault.Fault{Status: 503, Body: htmlPage}, unknown, "", true},
		{"an HTML page with 403", wirefault.Fault{Status: 403, Body: htmlPage}, refused, "", true},
		{"an HTML page with 404", wirefault.Fault{Status: 404, Body: htmlPage}, refused, "", true},
		{"an HTML page with 500", wirefault.Fault{Status: 500, Body: htmlPage}, unknown, "", true},
		{"an HTML page with 200", wirefault.Fault{Status: 200, Body: htmlPage}, unknown, "", true},
		{"an empty body with 400", wirefault.Fault{Status: 400}, refused, "", true},
		{"runtime §7: an empty body with 401", wirefault.Fault{Status: 401}, refused, "", false},
		{"runtime §7: an empty body with 403", wirefault.Fault{Status: 403}, refused, "", false},
		{"runtime §8: an empty body with 404", wirefault.Fault{Status: 404}, refused, "", true},
		{"an empty body with 503", wirefault.Fault{Status: 503}, unknown, "", true},
		{"a 404 cut short", wirefault.Fault{Status: 404, Body: fabricError("FABRIC_E_KEY_NOT_FOUND"), Cut: 20}, unknown, "", true},
		{"a 200 cut before its first byte", wirefault.Fault{Status: 200, Body: "x", Cut: 1}, unknown, "", true},
		{"a 400 cut short", wirefault.Fault{Status: 400, Body: fabricError(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)), Cut: 30}, unknown, "", true},
		{"runtime §4.1: an unknown code with a 4xx", wirefault.Fault{Status: 418, Body: fabricError("FABRIC_E_TEAPOT")}, refused, "FABRIC_E_TEAPOT", false},
		{"runtime §4.1: an unknown code with a 5xx", wirefault.Fault{Status: 500, Body: fabricError("0x80071c99")}, unknown, "0x80071c99", false},
		{"runtime §4.2: the fault service is not installed", wirefault.Fault{Status: 500, Body: fabricError("FMFailoverUnitNotFound")}, refused, "FMFailoverUnitNotFound", false},
		{"a code that decides, with a status that contradicts it", wirefault.Fault{Status: 502, Body: fabricError("FABRIC_E_KEY_NOT_FOUND")}, unknown, "FABRIC_E_KEY_NOT_FOUND", false},
		{"rubbish with a 200", wirefault.Fault{Status: 200, Body: "\x00\xff\xfe"}, unknown, "", true},
		{"a FabricError with a 200", wirefault.Fault{Status: 200, Body: fabricError("E_FAIL")}, unknown, "", true},
		{"a 204", wirefault.Fault{Status: 204}, unknown, "", true},
		{"a 202 where 200 is wanted", wirefault.Fault{Status: 202}, unknown, "", true},
		{"a 206", wirefault.Fault{Status: 206, Body: "part"}, unknown, "", true},
		{"a 304", wirefault.Fault{Status: 304}, refused, "", true},
		{"a 408", wirefault.Fault{Status: 408, Body: fabricError("E_FAIL")}, unknown, "E_FAIL", false},
		{"a 501", wirefault.Fault{Status: 501, Body: fabricError("E_NOTIMPL")}, refused, "E_NOTIMPL", false},
		{"a 505", wirefault.Fault{Status: 505}, refused, "", true},
		{"runtime §4.1: a message that is null", wirefault.Fault{Status: 400, Body: `{"Error":{"Code":"E_INVALIDARG","Message":null}}`}, refused, "E_INVALIDARG", false},
		{"no message", wirefault.Fault{Status: 400, Body: `{"Error":{"Code":"E_INVALIDARG"}}`}, refused, "E_INVALIDARG", false},
		{"no code", wirefault.Fault{Status: 400, Body: `{"Error":{"Message":"no"}}`}, refused, "", true},
		{"an error that is null", wirefault.Fault{Status: 500, Body: `{"Error":null}`}, unknown, "", true},
		{"a code that is a number", wirefault.Fault{Status: 400, Body: `{"Error":{"Code":5}}`}, refused, "", true},
		{"members in lower case", wirefault.Fault{Status: 403, Body: `{"error":{"code":"E_ACCESSDENIED","message":"no"}}`}, refused, "E_ACCESSDENIED", false},
		{"JSON of somebody else", wirefault.Fault{Status: 503, Body: `{"message":"no healthy upstream"}`}, unknown, "", true},
		{"JSON that is a list", wirefault.Fault{Status: 503, Body: `[]`}, unknown, "", true},
	}
)

// One bad answer, and no second try: the kind of the error tells whether something may
// have happened, status and body are kept, and nothing counts as done.
func TestBadAnswerToCancel(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, tc := range badAnswers {
			for _, force := range []bool{false, true} {
				t.Run(tc.name+", force "+map[bool]string{false: "false", true: "true"}[force], func(t *testing.T) {
					t.Parallel()
					c := newCluster(t, profile)
					makeRunning(t, c)
					c.wire.Spoil(wirefault.Any, tc.answer)
					ledger := new(wrapper.MemoryLedger)
					client := c.client(t, fastWith(1), wrapper.WithLedger(ledger), wrapper.WithForcePolicy(wrapper.ServerDecides{}))
					err := cancelWith(t.Context(), client, force)
					e := asError(t, err, tc.kind)
					tc.check(t, e)
					if e.Force() != force || e.OperationID() != opID {
						t.Errorf("the error is about %s, force %v", e.OperationID(), e.Force())
					}
					if flag := c.flag(t, opID); flag != emulator.NotRollingBack {
						t.Errorf("the server recorded %s", flag)
					}
					nothingDone(t, ledger)
				})
			}
		}
	})
}

// The same answers to a list, and those that only a list can get.
func TestBadAnswerToList(t *testing.T) {
	t.Parallel()
	noList := func(body string) bad {
		return bad{"a list that is " + body, wirefault.Fault{Status: 200, Body: body}, unknown, "", true}
	}
	cases := append([]bad{
		{"no body at all", wirefault.Fault{Status: 200}, unknown, "", true},
		{"a list cut short", wirefault.Fault{Status: 200, Body: `[{"OperationId":"`, Cut: 8}, unknown, "", true},
		{"a list cut short that says that it is whole", wirefault.Fault{Status: 200, Body: `[{"OperationId":"`}, unknown, "", true},
		noList("null"), noList("{}"), noList("7"), noList(`"[]"`), noList(`["x"]`), noList(`[{"OperationId":"x"}]`), noList("[] []"),
		noList(`{"value":[]}`),
	}, badAnswers...)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, server.Documented)
			c.wire.Spoil(wirefault.Any, tc.answer)
			_, err := c.client(t, fastWith(1)).Operations(t.Context())
			kind := tc.kind
			if errors.Is(kind, unknown) {
				kind = wrapper.ErrUnavailable
			}
			tc.check(t, asError(t, err, kind))
		})
	}
}

func (tc bad) check(t *testing.T, e *wrapper.Error) {
	t.Helper()
	if e.Status() != tc.answer.Status {
		t.Errorf("the status is %d, want %d", e.Status(), tc.answer.Status)
	}
	if e.Code() != tc.code || wrapper.CodeOf(e) != tc.code {
		t.Errorf("the code is %q, want %q", e.Code(), tc.code)
	}
	if tc.code != "" && !errors.Is(e, tc.code) {
		t.Errorf("the code %s is not behind the error", tc.code)
	}
	if errors.Is(e, wrapper.ErrBadAnswer) != tc.isBad {
		t.Errorf("ErrBadAnswer is behind it: %v, want %v: %v", !tc.isBad, tc.isBad, e)
	}
	want := ""
	if tc.isBad {
		want = tc.answer.Body[:len(tc.answer.Body)-tc.answer.Cut]
	}
	if string(e.Body()) != want {
		t.Errorf("the body is %q, want %q", e.Body(), want)
	}
}

// A bad answer to the list after a 404 settles nothing: the operation is not NotFound.
func TestBadListAfterNotFound(t *testing.T) {
	t.Parallel()
	lists := map[string]wirefault.Fault{
		"null": {Status: 200, Body: "null"}, "an object": {Status: 200, Body: "{}"}, "HTML": {Status: 200, Body: htmlPage},
		"cut short": {Status: 200, Body: "[ ]", Cut: 1}, "lost": {}, "503": {Status: 503}, "403": {Status: 403},
	}
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for name, list := range lists {
			for _, force := range []bool{false, true} {
				c := newCluster(t, profile)
				situationNamed(t, "completed").make(t, c)
				c.wire.Spoil(wirefault.List, list, list, list)
				client := directClient(t, c.handler, fastWith(3), wrapper.WithForcePolicy(wrapper.ServerDecides{}))
				if err := cancelWith(t.Context(), client, force); err == nil {
					t.Errorf("%s: no error; the wire saw %v", name, c.seen())
				}
			}
		}
	})
}

// A huge body is not read to its end, and a prefix is kept.
func TestHugeBody(t *testing.T) {
	t.Parallel()
	chunk := []byte(strings.Repeat("x", 1<<20))
	for _, status := range []int{200, 404, 503} {
		written := make(chan int, 1)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			n := 0
			for n < 1<<30 {
				m, err := w.Write(chunk)
				if n += m; err != nil {
					break
				}
			}
			written <- n
		}))
		t.Cleanup(srv.Close)
		_, err := newClient(t, srv.URL, fastWith(1)).Cancel(t.Context(), opID, wrapper.CancelOptions{})
		e := asError(t, err, wrapper.ErrOutcomeUnknown)
		if e.Status() != status || !errors.Is(e, wrapper.ErrBadAnswer) || string(e.Body()) != strings.Repeat("x", 2<<10) {
			t.Errorf("got %v with %d bytes of body", e, len(e.Body()))
		}
		if n := <-written; n > 64<<20 {
			t.Errorf("%d bytes were read of an answer that should be one line", n)
		}
	}
}

// A server that is not there: nothing was sent, and that is what the error says.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	must(t, listener.Close())
	ledger := new(wrapper.MemoryLedger)
	client := newClient(t, "http://"+listener.Addr().String(), fastWith(3), wrapper.WithLedger(ledger), wrapper.WithForcePolicy(wrapper.ServerDecides{}))
	for _, force := range []bool{false, true} {
		e := asError(t, cancelWith(t.Context(), client, force), wrapper.ErrNotSent)
		var op *net.OpError
		if e.Status() != 0 || len(e.Attempts()) != 3 || !errors.As(e, &op) || op.Op != "dial" {
			t.Errorf("got %v", e)
		}
		for _, a := range e.Attempts() {
			if a.Class() != "not sent" || (a.Purpose() == "force") != force {
				t.Errorf("the attempt is %+v", a)
			}
		}
	}
	nothingDone(t, ledger)
	_, err = client.Operations(t.Context())
	wantKind(t, err, wrapper.ErrNotSent)
	_, err = client.StartDataLoss(t.Context(), orders, "FullDataLoss", wrapper.StartOptions{})
	wantKind(t, err, wrapper.ErrNotSent)
}
