package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The client follows the table in the package comment, row by row (runtime §4, §8).
func TestAnswersTable(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	must(t, err)
	rows := regexp.MustCompile(`(?m)^//\t(\d\d\d(?:, \d\d\d)*|other \dxx(?: and \dxx)?)(?: (\w+))? {2,}(refused|ambiguous) +(no|yes|after a longer pause)$`).FindAllStringSubmatch(string(doc), -1)
	others := map[string][]string{
		"other 3xx and 4xx": {
			"300", "302", "307", "400 E_INVALIDARG", "400 FABRIC_E_INVALID_TEST_COMMAND_STATE", "400 FABRIC_E_NODE_TRANSITION_IN_PROGRESS",
			"400 FABRIC_E_FAULT_ANALYSIS_SERVICE_NOT_ENABLED", "401", "403 E_ACCESSDENIED", "404 FABRIC_E_KEY_NOT_FOUND",
			"409 FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS", "410", "413", "422", "498",
		},
		"other 5xx": {
			"500", "502 FABRIC_E_GATEWAY_NOT_REACHABLE", "503", "503 E_ABORT", "503 FABRIC_E_CONNECTION_CLOSED_BY_REMOTE_END", "503 FABRIC_E_NOT_PRIMARY",
			"503 FABRIC_E_NOT_READY", "503 FABRIC_E_NO_WRITE_QUORUM", "503 FABRIC_E_OBJECT_CLOSED", "503 FABRIC_E_RECONFIGURATION_PENDING",
			"503 FABRIC_E_SERVICE_OFFLINE", "504 FABRIC_E_TIMEOUT", "504 FABRIC_E_COMMUNICATION_ERROR", "504 FABRIC_E_OPERATION_NOT_COMPLETE", "506", "511", "599",
		},
	}
	found := map[string]bool{}
	for _, row := range rows {
		found[row[1]] = true
		answers, ok := others[row[1]]
		if !ok {
			for status := range strings.SplitSeq(row[1], ", ") {
				answers = append(answers, strings.TrimSpace(status+" "+row[2]))
			}
		}
		for _, answer := range answers {
			status, code, _ := strings.Cut(answer, " ")
			t.Run(answer, func(t *testing.T) { checkAnswer(t, status, code, row[3], row[4]) })
		}
	}
	for _, row := range []string{"303, 408, 460, 499", "429", "500", "501, 505", "503", "other 3xx and 4xx", "other 5xx"} {
		if !found[row] {
			t.Errorf("doc.go: got no row %s, want one", row)
		}
	}
}

func checkAnswer(t *testing.T, status, code, class, again string) {
	t.Helper()
	var number int
	_, err := fmt.Sscan(status, &number)
	must(t, err)
	if code == "" {
		code = "E_SOMETHING"
	}
	var longest time.Duration
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			p := serving(answer{status: number, body: fabricError(wrapper.Code(code))})
			client := directClient(t, &p.answers, wrapper.WithRetry(wrapper.Retry{MaxAttempts: 2, Base: time.Millisecond, BusyBase: time.Second}))
			begin := time.Now()
			_, err := client.Operations(t.Context()) // not a cancel, which turns some answers into a verdict
			var e *wrapper.Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			if got := e.Attempts()[0].Class(); got != class {
				t.Errorf("got class %s, want %s", got, class)
			}
			if retried := p.served == 2; retried != (again != "no") {
				t.Errorf("got %d requests, want a retry: %s", p.served, again)
			}
			longest = max(longest, time.Since(begin))
		})
	}
	if busy := longest > time.Millisecond; busy != (again == "after a longer pause") {
		t.Errorf("got a longest pause of %v in 20 calls, want a retry: %s", longest, again)
	}
}

// A redirect with an invalid Location is a refusal with its status, like any other redirect.
func TestRedirectWithoutTargetIsRefusal(t *testing.T) {
	t.Parallel()
	for _, location := range []string{":", "http://[::1", "%zz"} {
		at := answer{status: 302, header: http.Header{"Location": {location}}}
		err := cancelWith(t.Context(), directClient(t, &answers{made: []answer{at}}, fastWith(2)), false)
		if e := asError(t, err, wrapper.ErrServerRefused); e.Status() != 302 {
			t.Errorf("%s: got %v, want status 302", location, err)
		}
	}
}

// A server may send any text as a code. In messages it is shortened, and stays on one line.
func TestLongErrorCodeIsShortened(t *testing.T) {
	t.Parallel()
	at := answer{status: 400, body: fabricError(wrapper.Code(`E_\nFAKE LINE` + strings.Repeat("X", 1<<20)))}
	err := cancelWith(t.Context(), directClient(t, &answers{made: []answer{at}}), false)
	wantKind(t, err, wrapper.ErrServerRefused)
	if n := len(err.Error()); n > 1<<10 || strings.Contains(err.Error(), "\n") {
		t.Errorf("got a message of %d bytes, want one line of %d at most: %.100q", n, 1<<10, err.Error())
	}
}

// If the context ends while the body of an answer is read, the error wraps the context error and its cause, and has
// the code of the answer before.
func TestContextEndsWhileBodyIsRead(t *testing.T) {
	t.Parallel()
	cause := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(t.Context())
	prepared := &answers{made: []answer{{status: 503, body: fabricError("FABRIC_E_NOT_READY")}, done}}
	client := newClient(t, "http://cluster", wrapper.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		response, err := direct{prepared}.RoundTrip(r)
		if err == nil && response.StatusCode == http.StatusOK {
			response.Body = io.NopCloser(readerFunc(func([]byte) (int, error) { // as a body of net/http does
				cancel(cause)
				return 0, context.Cause(r.Context())
			}))
		}
		return response, err
	})}))
	e := asError(t, cancelWith(ctx, client, false), wrapper.ErrOutcomeUnknown)
	if !errors.Is(e, context.Canceled) || !errors.Is(e, cause) || e.Code() != "FABRIC_E_NOT_READY" {
		t.Errorf("got %v with code %q, want it to wrap %v and %v, and FABRIC_E_NOT_READY", e, e.Code(), context.Canceled, cause)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A code counts only in a refusal. With a status that leaves the outcome open, the request is ambiguous
// whatever the code (package comment, Retries).
func TestCodesOfAmbiguousAnswers(t *testing.T) {
	t.Parallel()
	for _, code := range []wrapper.Code{wrapper.Code(generated.ErrorCodeKeyNotFound), wrapper.Code(generated.ErrorCodeInvalidTestCommandState), "FMFailoverUnitNotFound"} {
		for _, status := range []int{502, 503, 504} {
			s := &scriptedCluster{writes: []answer{{status: status, body: fabricError(code)}, done}}
			got, err := directClient(t, s, fastWith(3)).Cancel(t.Context(), opID, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Accepted || !slices.Equal(s.wrote, []string{"graceful", "graceful"}) || s.lists != 0 {
				t.Errorf("%d %s: got %s, %v after %v and %d lists, want Accepted after two graceful cancels and no list", status, code, got.Verdict, err, s.wrote, s.lists)
			}
		}
	}
}

// A body that is only a line break counts as empty.
func TestBlankBodyIsEmpty(t *testing.T) {
	t.Parallel()
	p := serving(answer{status: 200, body: "\r\n"})
	got, err := directClient(t, &p.answers).Cancel(t.Context(), opID, wrapper.CancelOptions{})
	if err != nil || got.Verdict != wrapper.Accepted || p.served != 1 {
		t.Errorf("got %s, %v after %d requests, want Accepted after 1", got.Verdict, err, p.served)
	}
}

const htmlPage = "<!DOCTYPE html><html><body>Service Unavailable</body></html>"

// bad is an answer that is not one of this API, or not an expected one, and the error that it causes when it is
// the only answer.
type bad struct {
	name   string
	answer wirefault.Fault
	kind   error // of a cancel; an ambiguous list is ErrUnavailable
	code   wrapper.Code
	isBad  bool // the error is ErrBadAnswer, and keeps the received part of the body
}

var (
	unknown, refused = wrapper.ErrOutcomeUnknown, wrapper.ErrServerRefused

	badAnswers = []bad{
		{"a 503 that is not JSON", wirefault.Fault{Status: 503, Body: htmlPage}, unknown, "", true},
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
		{"binary data with a 200", wirefault.Fault{Status: 200, Body: "\x00\xff\xfe"}, unknown, "", true},
		{"a FabricError with a 200", wirefault.Fault{Status: 200, Body: fabricError("E_FAIL")}, unknown, "", true},
		{"a 204", wirefault.Fault{Status: 204}, unknown, "", true},
		{"a 202 instead of 200", wirefault.Fault{Status: 202}, unknown, "", true},
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
		{"JSON of another API", wirefault.Fault{Status: 503, Body: `{"message":"no healthy upstream"}`}, unknown, "", true},
		{"JSON that is a list", wirefault.Fault{Status: 503, Body: `[]`}, unknown, "", true},
	}
)

// After a single bad answer without a retry, the kind of the error says whether the cancel may have taken effect, the
// error keeps status and body, and the ledger records nothing as done.
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
						t.Errorf("got an error about %s with force %v, want %s with force %v", e.OperationID(), e.Force(), opID, force)
					}
					if flag := c.flag(t, opID); flag != emulator.NotRollingBack {
						t.Errorf("the server recorded %s, want %s", flag, emulator.NotRollingBack)
					}
					nothingDone(t, ledger)
				})
			}
		}
	})
}

// The same answers to a list, and those that only occur with a list.
func TestBadAnswerToList(t *testing.T) {
	t.Parallel()
	noList := func(body string) bad {
		return bad{"a list that is " + body, wirefault.Fault{Status: 200, Body: body}, unknown, "", true}
	}
	cases := append([]bad{
		{"no body at all", wirefault.Fault{Status: 200}, unknown, "", true},
		{"a list cut short", wirefault.Fault{Status: 200, Body: `[{"OperationId":"`, Cut: 8}, unknown, "", true},
		{"a list cut short with a matching Content-Length", wirefault.Fault{Status: 200, Body: `[{"OperationId":"`}, unknown, "", true},
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
		t.Errorf("got status %d, want %d", e.Status(), tc.answer.Status)
	}
	if e.Code() != tc.code || wrapper.CodeOf(e) != tc.code {
		t.Errorf("got code %q, and %q from CodeOf, want %q", e.Code(), wrapper.CodeOf(e), tc.code)
	}
	if tc.code != "" && !errors.Is(e, tc.code) {
		t.Errorf("got %v, want it to wrap the code %s", e, tc.code)
	}
	if errors.Is(e, wrapper.ErrBadAnswer) != tc.isBad {
		t.Errorf("got %v, want it to wrap ErrBadAnswer: %v", e, tc.isBad)
	}
	want := ""
	if tc.isBad {
		want = tc.answer.Body[:len(tc.answer.Body)-tc.answer.Cut]
	}
	if string(e.Body()) != want {
		t.Errorf("got body %q, want %q", e.Body(), want)
	}
}

// After a 404, a bad answer to the list is an error, not the verdict NotFound.
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
					t.Errorf("%s: got no error, want one; the wire saw %v", name, c.seen())
				}
			}
		}
	})
}

// A huge body is not read to its end, and the error keeps a prefix.
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
			t.Errorf("got %v with status %d and %d bytes of body, want ErrBadAnswer, %d and %d bytes", e, e.Status(), len(e.Body()), status, 2<<10)
		}
		if n := <-written; n > 64<<20 {
			t.Errorf("%d: got %d bytes read, want %d at most", status, n, 64<<20)
		}
	}
}

// If no server listens, the error says that nothing was sent.
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
			t.Errorf("got %v with status %d after %d attempts, want a dial error after 3", e, e.Status(), len(e.Attempts()))
		}
		for _, a := range e.Attempts() {
			if a.Class() != "not sent" || (a.Purpose() == "force") != force {
				t.Errorf("got attempt %+v, want one that was not sent, a force: %v", a, force)
			}
		}
	}
	nothingDone(t, ledger)
	_, err = client.Operations(t.Context())
	wantKind(t, err, wrapper.ErrNotSent)
	_, err = client.StartDataLoss(t.Context(), orders, "FullDataLoss", wrapper.StartOptions{})
	wantKind(t, err, wrapper.ErrNotSent)
}

// Whatever a server answers, a cancel returns a verdict, or a typed error with exactly one meaning and the status. The
// verdict is Accepted only for an empty 200.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "", "")
	f.Add(200, "<html>", "")
	f.Add(404, "", fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound)))
	f.Add(400, "", fabricError(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)))
	f.Add(503, "Wed, 21 Oct 2015 07:28:00 GMT", fabricError("E_ABORT"))
	f.Add(429, "99999999999999999999", `{"Error":{"Code":null}}`)
	f.Add(302, "-1", `{"error":{"code":"E_FAIL"}}`)
	f.Fuzz(func(t *testing.T, status int, retryAfter, body string) {
		if status < 200 || status > 599 {
			return // net/http returns no other final status
		}
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: status, Request: r,
				Header: http.Header{"Retry-After": {retryAfter}, "Location": {body}},
				Body:   io.NopCloser(strings.NewReader(body)),
			}, nil
		})
		client := newClient(t, "http://cluster", fastWith(1), wrapper.WithHTTPClient(&http.Client{Transport: transport}))
		got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err == nil {
			if empty := status == 200 && strings.TrimSpace(body) == ""; got.Verdict == wrapper.Accepted && !empty {
				t.Errorf("%d with %q: got Accepted, want it only for an empty 200", status, body)
			}
			return
		}
		var e *wrapper.Error
		if !errors.As(err, &e) || e.Status() != status || len(e.Body()) > 2<<10 {
			t.Fatalf("%d with %q: got %v, want a *wrapper.Error with that status and %d bytes of body at most", status, body, err, 2<<10)
		}
		meanings := 0
		for _, kind := range kinds {
			if errors.Is(err, kind) {
				meanings++
			}
		}
		if meanings != 1 {
			t.Errorf("got %v with %d meanings, want 1", err, meanings)
		}
	})
}
