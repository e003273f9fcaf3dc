package wrapper_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

var kinds = []error{
	wrapper.ErrInvalidArgument, wrapper.ErrForceRefused, wrapper.ErrNotSent, wrapper.ErrServerRefused,
	wrapper.ErrUnavailable, wrapper.ErrOutcomeUnknown, wrapper.ErrNotFinished,
}

// failure is a call that ends without a verdict, and its error.
type failure struct {
	name    string
	made    []answer
	call    func(context.Context, *wrapper.Client) error
	kind    error
	also    []error // also wrapped by the error
	message string
}

func gracefully(ctx context.Context, c *wrapper.Client) error { return cancelWith(ctx, c, false) }
func forcibly(ctx context.Context, c *wrapper.Client) error   { return cancelWith(ctx, c, true) }

const id = "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"

func runningList() answer {
	return answer{status: 200, body: `[{"OperationId":"` + id + `","State":"Running","Type":"PartitionDataLoss"}]`}
}

// The failures of calls that may send three requests, with a ledger that has a graceful cancel.
var failures = []failure{
	{"refused with a code", []answer{{status: 403, body: fabricError("E_ACCESSDENIED")}}, gracefully,
		wrapper.ErrServerRefused, []error{wrapper.Code("E_ACCESSDENIED")},
		`cancel ` + id + `: refused by the server: 403 E_ACCESSDENIED "a sentence"; 1 request`},
	{"refused without a body", []answer{{status: 403}}, forcibly, wrapper.ErrServerRefused, nil,
		`force cancel ` + id + `: refused by the server: 403: the credentials are missing or not accepted; 1 request`},
	{"refused by a page", []answer{{status: 404, body: "<html>"}}, gracefully, wrapper.ErrServerRefused, []error{wrapper.ErrBadAnswer},
		`cancel ` + id + `: refused by the server: 404: not an answer of this API: the body is not JSON: "<html>"; 1 request`},
	{"a force before a graceful", []answer{{status: 400, body: fabricError(wrapper.Code(generated.ErrorCodeInvalidTestCommandState))}, runningList()}, forcibly,
		wrapper.ErrServerRefused, []error{wrapper.Code(generated.ErrorCodeInvalidTestCommandState)},
		`force cancel ` + id + `: refused by the server: 400 FABRIC_E_INVALID_TEST_COMMAND_STATE "a sentence": ` +
			`a force needs a graceful cancel first, and the operation is not RollingBack; last seen Running; 2 requests`},
	{"503 to every request", []answer{{status: 503, body: fabricError("E_ABORT")}}, gracefully, wrapper.ErrOutcomeUnknown, []error{wrapper.Code("E_ABORT")},
		`cancel ` + id + `: outcome unknown: 503 E_ABORT "a sentence": as many requests as the retry settings allow were sent; 3 requests`},
	{"lost, then refused", []answer{{lost: true}, {status: 403, body: fabricError("E_ACCESSDENIED")}}, gracefully,
		wrapper.ErrOutcomeUnknown, []error{wrapper.Code("E_ACCESSDENIED")},
		`cancel ` + id + `: outcome unknown: 403 E_ACCESSDENIED "a sentence"; 2 requests`},
	{"lost, then no connection", []answer{{lost: true}, {dial: true}}, forcibly, wrapper.ErrOutcomeUnknown, []error{errDialRefused},
		`force cancel ` + id + `: outcome unknown: Get "http://cluster:19080/Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535": ` +
			`dial tcp: connection refused: as many requests as the retry settings allow were sent: ` +
			`Get "http://cluster:19080/Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535": dial tcp: connection refused; 3 requests`},
	{"a 404 that cannot be explained", []answer{{status: 404, body: fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound))}, {status: 200, body: "null"}}, gracefully,
		wrapper.ErrOutcomeUnknown, []error{wrapper.Code(generated.ErrorCodeKeyNotFound), wrapper.ErrBadAnswer},
		`cancel ` + id + `: outcome unknown: 200: not an answer of this API: not a list of operations: "null": ` +
			`it was refused with 404 FABRIC_E_KEY_NOT_FOUND, perhaps because it was sent twice on the way: ` +
			`as many requests as the retry settings allow were sent: not an answer of this API: not a list of operations: "null"; 3 requests`},
	{"no connection", []answer{{dial: true}}, forcibly, wrapper.ErrNotSent, []error{errDialRefused},
		`force cancel ` + id + `: not sent: Post "http://cluster:19080/Faults/$/Cancel?api-version=6.0&OperationId=` + id + `&Force=true": ` +
			`dial tcp: connection refused: as many requests as the retry settings allow were sent; 3 requests`},
	{"a body that is not expected", []answer{{status: 200, body: "welcome"}}, gracefully, wrapper.ErrOutcomeUnknown, []error{wrapper.ErrBadAnswer},
		`cancel ` + id + `: outcome unknown: 200: not an answer of this API: a body where none belongs: "welcome": ` +
			`as many requests as the retry settings allow were sent; 3 requests`},
	{"an unexpected status", []answer{{status: 202}}, gracefully, wrapper.ErrOutcomeUnknown, []error{wrapper.ErrBadAnswer},
		`cancel ` + id + `: outcome unknown: 202: not an answer of this API: an unexpected status: ` +
			`as many requests as the retry settings allow were sent; 3 requests`},
	{"no code", []answer{{status: 400, body: `{"message":"x"}`}}, gracefully, wrapper.ErrServerRefused, []error{wrapper.ErrBadAnswer},
		`cancel ` + id + `: refused by the server: 400: not an answer of this API: the body has no error code: "{\"message\":\"x\"}"; 1 request`},
	{"a list that is refused", []answer{{status: 403, body: fabricError("E_ACCESSDENIED")}},
		func(ctx context.Context, c *wrapper.Client) error { _, err := c.Operations(ctx); return err },
		wrapper.ErrServerRefused, []error{wrapper.Code("E_ACCESSDENIED")},
		`list operations: refused by the server: 403 E_ACCESSDENIED "a sentence": the state could not be read; 1 request`},
	{"a read of a server that is not ready", []answer{{status: 503, body: fabricError("E_ABORT")}},
		func(ctx context.Context, c *wrapper.Client) error { _, err := c.Operation(ctx, opID); return err },
		wrapper.ErrUnavailable, []error{wrapper.Code("E_ABORT")},
		`read operation ` + id + `: no usable answer: 503 E_ABORT "a sentence": as many requests as the retry settings allow were sent; 3 requests`},
	{"a start of an id of another kind", []answer{{status: 409, body: fabricError(wrapper.Code(generated.ErrorCodeTestCommandOperationIDAlreadyExists))}, runningList()},
		func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.StartPartitionRestart(ctx, orders, "OnlyActiveSecondaries", wrapper.StartOptions{OperationID: opID})
			return err
		}, wrapper.ErrServerRefused, []error{wrapper.Code(generated.ErrorCodeTestCommandOperationIDAlreadyExists)},
		`start partition restart ` + id + `: refused by the server: 409 FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS "a sentence": the id belongs to an operation of another kind; last seen Running; 2 requests`},
	{"a start of a taken id that cannot be looked up", []answer{{status: 409, body: fabricError(wrapper.Code(generated.ErrorCodeTestCommandOperationIDAlreadyExists))}, {status: 403}},
		func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.StartDataLoss(ctx, orders, "FullDataLoss", wrapper.StartOptions{OperationID: opID})
			return err
		}, wrapper.ErrOutcomeUnknown, nil,
		`start data loss ` + id + `: outcome unknown: 403: the credentials are missing or not accepted: it was refused with 409 FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS, perhaps because it was sent twice on the way: the state could not be read: the credentials are missing or not accepted; 2 requests`},
	{"a policy that refuses", nil, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.ForceCancel(ctx, uuid.UUID{1}, wrapper.ForceOptions{})
		return err
	}, wrapper.ErrForceRefused, nil,
		`force cancel 01000000-0000-0000-0000-000000000000: force refused by policy: no graceful cancel of this operation is known: cancel it gracefully first; no request was sent`},
	{"no id", nil, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.Stop(ctx, uuid.UUID{}, wrapper.StopOptions{})
		return err
	}, wrapper.ErrInvalidArgument, nil,
		`stop: invalid argument: the operation id is all zeros, which is none; no request was sent`},
	{"an argument", nil, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.Cancel(ctx, opID, wrapper.CancelOptions{APIVersion: "3.0", Timeout: time.Second})
		return err
	}, wrapper.ErrInvalidArgument, nil,
		`cancel ` + id + `: invalid argument: api-version 3.0 has no timeout: leave it out, or use 6.0; no request was sent`},
	{"an argument of a start", nil, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.StartQuorumLoss(ctx, orders, "AllReplicas", -time.Second, wrapper.StartOptions{})
		return err
	}, wrapper.ErrInvalidArgument, nil,
		`start quorum loss: invalid argument: duration -1s: it must be whole seconds from 0 to 4294967295; no request was sent`},
}

// Every error has exactly one meaning, and the expected message.
func TestErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range failures {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			client := directClient(t, &answers{made: tc.made}, fastWith(3), known(t))
			err := tc.call(t.Context(), client)
			e := asError(t, err, tc.kind)
			for _, kind := range kinds {
				if errors.Is(err, kind) != errors.Is(tc.kind, kind) {
					t.Errorf("got %v, want it to wrap %v: %v", err, kind, !errors.Is(err, kind))
				}
			}
			for _, also := range tc.also {
				if !errors.Is(err, also) {
					t.Errorf("got %v, want it to wrap %v", err, also)
				}
			}
			if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want no context error, since no context ended", err)
			}
			if got := e.Error(); got != tc.message {
				t.Errorf("got the message\n\t%s, want\n\t%s", got, tc.message)
			}
			if wrapper.CodeOf(err) != e.Code() {
				t.Errorf("CodeOf: got %q, want %q as from Code", wrapper.CodeOf(err), e.Code())
			}
		})
	}
}

// An answer that was cut short by the end of the caller's context is reported if there is no better one.
func TestErrorOfAnAnswerCutShort(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	body := readsFrom(func([]byte) (int, error) { cancel(); return 0, context.Canceled })
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: io.NopCloser(body), Request: r}, nil
	})
	err := cancelWith(ctx, newClient(t, "http://127.0.0.1:1", wrapper.WithHTTPClient(&http.Client{Transport: transport})), false)
	e := asError(t, err, wrapper.ErrOutcomeUnknown)
	if want := "outcome unknown: 503: context canceled"; e.Status() != http.StatusServiceUnavailable || !strings.Contains(e.Error(), want) {
		t.Errorf("got status %d, %v, want 503 and %q", e.Status(), err, want)
	}
}

type readsFrom func(p []byte) (int, error)

func (f readsFrom) Read(p []byte) (int, error) { return f(p) }

// A code appears in the message unquoted if it is one word of plain characters, and quoted otherwise.
func TestErrorQuotesOddCodes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("E", 100)
	for code, want := range map[string]string{
		"E_FAIL": "403 E_FAIL", "E~!": "403 E~!", "E FAIL": `403 "E FAIL"`, "E_É": `403 "E_É"`, "E\x7f": `403 "E\x7f"`,
		long: "403 " + long, long + "E": `403 "` + long + `"`,
	} {
		body, err := json.Marshal(map[string]any{"Error": map[string]string{"Code": code, "Message": "no"}})
		must(t, err)
		client := directClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write(body)
		}), fastWith(1))
		if got := cancelWith(t.Context(), client, false).Error(); !strings.Contains(got, want+` "no"`) {
			t.Errorf("code %q: got %s, want %s", code, got, want)
		}
	}
}

// An error has the expected details, and callers cannot change them.
func TestErrorDetails(t *testing.T) {
	t.Parallel()
	page := strings.Repeat("é", 5000)
	client := directClient(t, &answers{made: []answer{{lost: true}, {status: 403, body: page}}}, fastWith(3))
	e := asError(t, cancelWith(t.Context(), client, false), wrapper.ErrOutcomeUnknown)
	if e.OperationID() != opID || e.Force() || e.Status() != 403 || e.Code() != "" || e.State() != "" || e.RetryAfter() != 0 {
		t.Errorf("got %v with status %d, code %q, state %q, want 403 without code and state", e, e.Status(), e.Code(), e.State())
	}
	if string(e.Body()) != page[:2<<10] {
		t.Errorf("got %d bytes of the body, want the first %d", len(e.Body()), 2<<10)
	}
	if len(e.Error()) > 600 {
		t.Errorf("got a message of %d bytes, want 600 at most: %s", len(e.Error()), e)
	}
	attempts := e.Attempts()
	if len(attempts) != 2 {
		t.Fatalf("got %d attempts, want 2: %v", len(attempts), e)
	}
	copy(e.Body(), "x")
	clear(e.Attempts())
	attempts = e.Attempts()
	if strings.HasPrefix(string(e.Body()), "x") || attempts[0].Err == nil || attempts[1].Status != 403 {
		t.Errorf("got body %.9q and attempts %+v, want what the caller changed unchanged in the error", e.Body(), attempts)
	}
	if attempts[0].Class() != "ambiguous" || attempts[1].Class() != "refused" || attempts[0].Purpose() != "graceful" {
		t.Errorf("got attempts %+v, want a graceful cancel that is ambiguous, and one that is refused", attempts)
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.FixedZone("somewhere", 3600))
	cases := map[string]wrapper.Refusal{
		"no":                                    {Missing: "no"},
		"no, allowed from 2026-05-04T02:02:01Z": {Missing: "no", NotBefore: at},
		"no: the disk is full":                  {Missing: "no", Cause: errDisk},
		"no, allowed from 2026-05-04T02:02:01Z: the disk is full": {Missing: "no", NotBefore: at, Cause: errDisk},
	}
	for want, r := range cases {
		if r.Error() != want || errors.Is(&r, errDisk) != (r.Cause != nil) {
			t.Errorf("got %q, want %q, and the cause wrapped if there is one", r.Error(), want)
		}
	}
}

// A code is an error whose text is the code. CodeOf returns "" for errors without a code.
func TestCode(t *testing.T) {
	t.Parallel()
	if wrapper.Code(generated.ErrorCodeKeyNotFound).Error() != string(generated.ErrorCodeKeyNotFound) {
		t.Errorf("got %s, want %s", wrapper.Code(generated.ErrorCodeKeyNotFound).Error(), generated.ErrorCodeKeyNotFound)
	}
	if got := wrapper.CodeOf(errDisk); got != "" {
		t.Errorf("CodeOf(%v): got %q, want none", errDisk, got)
	}
	if got := wrapper.CodeOf(nil); got != "" {
		t.Errorf("CodeOf(nil): got %q, want none", got)
	}
}

// The zero Attempt is ambiguous.
func TestClass(t *testing.T) {
	t.Parallel()
	if got := (wrapper.Attempt{}).Class(); got != "ambiguous" {
		t.Errorf("got %q, want ambiguous", got)
	}
}

// If the context would end before the next attempt, the error has the length of the pause, in its message and as
// RetryAfter.
func TestErrorHasRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		client := directClient(t, &answers{made: []answer{retryAfter(429, "90")}}, wrapper.WithRetry(wrapper.Retry{BusyBase: 1}))
		e := asError(t, cancelWith(ctx, client, false), wrapper.ErrServerRefused)
		want := `cancel ` + id + `: refused by the server: 429: not an answer of this API: an empty body: ` +
			`the context ends before the next attempt may be made (it would be in 1m30s); 1 request`
		if e.Error() != want || e.RetryAfter() != 90*time.Second {
			t.Errorf("got RetryAfter %v and the message\n\t%s, want 1m30s and\n\t%s", e.RetryAfter(), e, want)
		}
	})
}

// The error of a call without an operation has the zero operation id.
func TestErrorWithoutOperation(t *testing.T) {
	t.Parallel()
	_, err := wrapper.New("ftp://x")
	if e := asError(t, err, wrapper.ErrInvalidArgument); e.OperationID() != (uuid.UUID{}) || !strings.HasPrefix(e.Error(), "new client: invalid argument: ") {
		t.Errorf("got %v about %s, want an error of New about no operation", e, e.OperationID())
	}
}

// A failure that a retry has overcome is among the attempts, but is not the reason of the error.
func TestOvercomeFailureIsNotTheReason(t *testing.T) {
	t.Parallel()
	bubble(t, server.Documented, func(t *testing.T, c *sftest.Cluster) {
		unknown := uuid.UUID{9}
		policy := wrapper.WithForcePolicy(wrapper.RequireGraceful{Look: true})
		id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck})
		for name, tc := range map[string]struct {
			call func(*wrapper.Client) error
			kind error // nil: the call finds that the operation does not exist
		}{
			"read": {func(client *wrapper.Client) error {
				op, err := client.Operation(t.Context(), unknown)
				return notThere(op, err)
			}, nil},
			"watch": {func(client *wrapper.Client) (last error) {
				for op, err := range client.Watch(t.Context(), unknown, wrapper.WaitOptions{}) {
					last = notThere(op, err)
				}
				return last
			}, nil},
			"force": {func(client *wrapper.Client) error {
				_, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
				return err
			}, wrapper.ErrForceRefused},
		} {
			c.On(sftest.GetFaultOperationList, sftest.Status(503, "FABRIC_E_NOT_READY")).Times(2)
			err := tc.call(c.Client(policy))
			if tc.kind == nil {
				must(t, err)
			} else if e := asOnly(t, err, tc.kind); e.Code() != "" || e.Status() != 0 || len(e.Attempts()) != 3 || strings.Contains(e.Error(), "503") {
				t.Errorf("%s: got %v with code %q and status %d after %d attempts, want no code and status, and 3 attempts", name, err, e.Code(), e.Status(), len(e.Attempts()))
			}
			// Nor is a refused connection the reason.
			client, err := wrapper.New("http://down.test", wrapper.WithEndpoints(c.URL()), policy, wrapper.WithHTTPClient(&http.Client{
				Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host == "down.test" {
						return nil, fmt.Errorf("%w: %w", wrapper.ErrNotSent, syscall.ECONNREFUSED)
					}
					return c.Transport().RoundTrip(r)
				})}))
			must(t, err)
			if err := tc.call(client); errors.Is(err, syscall.ECONNREFUSED) || !errors.Is(err, tc.kind) {
				t.Errorf("%s: got %v, want %v without %v", name, err, tc.kind, syscall.ECONNREFUSED)
			}
		}
	})
}

// notThere returns an error unless a read found that the operation does not exist.
func notThere(op wrapper.Operation, err error) error {
	if err == nil && op.Found() {
		return fmt.Errorf("got %v, want not found", op)
	}
	return err
}

// An id of all zeros is an invalid argument, and nothing is sent.
func TestZeroIDSendsNothing(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	client := directClient(t, c.handler, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
	var none uuid.UUID
	for name, err := range map[string]error{
		"cancel": func() error { _, err := client.Cancel(t.Context(), none, wrapper.CancelOptions{}); return err }(),
		"force":  func() error { _, err := client.ForceCancel(t.Context(), none, wrapper.ForceOptions{}); return err }(),
		"stop":   func() error { _, err := client.Stop(t.Context(), none, wrapper.StopOptions{}); return err }(),
		"wait":   func() error { _, err := client.Wait(t.Context(), none, wrapper.WaitOptions{}); return err }(),
		"read":   func() error { _, err := client.Operation(t.Context(), none); return err }(),
	} {
		if !errors.Is(err, wrapper.ErrInvalidArgument) || len(c.seen()) != 0 {
			t.Errorf("%s: got %v, want %v; the wire saw %v, want nothing", name, err, wrapper.ErrInvalidArgument, c.seen())
		}
	}
}

// Status is never that of a successful answer: it is 0 if no answer was a failure.
func TestStatusIsNotThatOfSuccess(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	makeRunning(t, c)
	_, err := c.client(t).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.RequireGraceful{Look: true}})
	e := asError(t, err, wrapper.ErrForceRefused)
	if got := e.Status(); got != 0 || len(e.Attempts()) != 1 || strings.Contains(e.Error(), "200") {
		t.Errorf("got status %d, message %q, want 0 and no status in the message after one list", got, e)
	}
}

// If the context ended the call, the error wraps the context error and its cause, and has the status of the last
// failure.
func TestContextErrorsKeepCauseAndFailure(t *testing.T) {
	t.Parallel()
	cause := errors.New("shutting down")
	synctest.Test(t, func(t *testing.T) {
		for name, last := range map[string]answer{"hanging": {hang: true}, "waiting": retryAfter(503, "3600")} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(cause) })
			last.body = fabricError("FABRIC_E_NOT_READY")
			err := serving(answer{status: 503, body: fabricError("FABRIC_E_NOT_READY")}, last).cancel(ctx, t, fast)
			e := asError(t, err, wrapper.ErrOutcomeUnknown)
			if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || e.Status() != 503 {
				t.Errorf("%s: got %v with status %d, want it to wrap %v and %v, and status 503", name, err, e.Status(), context.Canceled, cause)
			}
		}
	})
}

// A cause that equals the error of the context appears in the message once.
func TestPlainContextErrorAppearsOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := serving(done)
	err := cancelWith(ctx, directClient(t, &p.answers), false)
	wantKind(t, err, context.Canceled)
	if strings.Count(err.Error(), context.Canceled.Error()) != 1 {
		t.Errorf("got %v, want %q in it once", err, context.Canceled)
	}
}

// An unknown state is quoted in messages, so that it cannot control a terminal.
func TestErrorQuotesTheState(t *testing.T) {
	t.Parallel()
	list := `[{"OperationId":"` + id + `","Type":"PartitionDataLoss","State":"\u001b[31mOver\n\u202e` + strings.Repeat("x", 99) + `"}]`
	client := directClient(t, &answers{made: []answer{{status: 400, body: fabricError(wrapper.Code(generated.ErrorCodeInvalidTestCommandState))}, {status: 200, body: list}}})
	_, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
	e := asError(t, err, wrapper.ErrServerRefused)
	if !strings.Contains(e.Error(), `last seen "\x1b[31mOver\n\u202exxx`) || len(e.Error()) > 600 {
		t.Errorf("got %q, want the state quoted and shortened", e.Error())
	}
}
