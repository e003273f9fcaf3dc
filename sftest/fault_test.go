package sftest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
)

const listed = `[{"OperationId":"00000000-0000-4000-8000-000000000001","State":"RollingBack","Type":"PartitionDataLoss"}]`

// Each fault, on a force and on a list: what the caller gets, what the engine recorded,
// and what the cluster says about it.
func TestFaults(t *testing.T) {
	t.Parallel()
	twice := sftest.Func(func(server http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			server.ServeHTTP(httptest.NewRecorder(), r)
			server.ServeHTTP(w, r)
		})
	})
	teapot := sftest.Answer{Status: 418, Body: "short and stout", Header: http.Header{"x-spout": {"yes"}}, RetryAfter: 1500 * time.Millisecond}
	type outcome struct {
		status int
		err    func(error) bool // nil for none
		body   string           // a part of it
		forced bool             // what the engine recorded
		server int
	}
	lost, late := isLost, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
	unexpected := func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }
	cases := []struct {
		name        string
		fault       sftest.Fault
		says        string
		force, list outcome
	}{
		{"nothing", sftest.Pass(), "Pass", outcome{200, nil, "", true, 200}, outcome{200, nil, listed, false, 200}},
		{"the zero value", sftest.Fault{}, "Pass", outcome{200, nil, "", true, 200}, outcome{200, nil, listed, false, 200}},
		{"lost before", sftest.DropBefore(), "DropBefore", outcome{0, lost, "", false, 0}, outcome{0, lost, "", false, 0}},
		{"lost after", sftest.DropAfter(), "DropAfter", outcome{0, lost, "", true, 200}, outcome{0, lost, "", false, 200}},
		{"hangs before", sftest.HangBefore(), "HangBefore", outcome{0, late, "", false, 0}, outcome{0, late, "", false, 0}},
		{"hangs after", sftest.HangAfter(), "HangAfter", outcome{0, late, "", true, 200}, outcome{0, late, "", false, 200}},
		{"delayed before", sftest.DelayBefore(time.Millisecond), "DelayBefore(1ms)", outcome{200, nil, "", true, 200}, outcome{200, nil, listed, false, 200}},
		{"delayed after", sftest.DelayAfter(time.Millisecond), "DelayAfter(1ms)", outcome{200, nil, "", true, 200}, outcome{200, nil, listed, false, 200}},
		{"too late", sftest.DelayAfter(time.Hour), "DelayAfter(1h0m0s)", outcome{0, late, "", true, 200}, outcome{0, late, "", false, 200}},
		{"a status", sftest.Status(503, "E_ABORT"), "Status(503 E_ABORT)", outcome{503, nil, `{"Error":{"Code":"E_ABORT","Message":"`, false, 0}, outcome{503, nil, "E_ABORT", false, 0}},
		{"a status alone", sftest.Status(403, ""), "Status(403)", outcome{403, nil, "", false, 0}, outcome{403, nil, "", false, 0}},
		{"a status after", sftest.Answer{Status: 504, Code: "FABRIC_E_TIMEOUT", Message: "no"}.After(), "Status(504 FABRIC_E_TIMEOUT after)",
			outcome{504, nil, `{"Error":{"Code":"FABRIC_E_TIMEOUT","Message":"no"}}`, true, 200}, outcome{504, nil, "FABRIC_E_TIMEOUT", false, 200}},
		{"an answer of somebody else", teapot.Before(), "Status(418)", outcome{418, nil, "short and stout", false, 0}, outcome{418, nil, "short and stout", false, 0}},
		{"delivered twice", twice, "Func", outcome{400, nil, "FABRIC_E_INVALID_TEST_COMMAND_STATE", true, 400}, outcome{200, nil, listed, false, 200}},
		{"cut", sftest.CutBody(17), "CutBody(17)", outcome{}, outcome{200, unexpected, listed[:17], false, 200}},
		{"cut before the body", sftest.CutBody(0), "CutBody(0)", outcome{}, outcome{200, unexpected, "", false, 200}},
		{"stale", sftest.Stale(), "Stale", outcome{}, outcome{200, nil, listed, false, 0}},
	}
	for _, tc := range cases {
		check := func(t *testing.T, m sftest.Matcher, force bool, want outcome) {
			t.Helper()
			c := sftest.NewCluster(t, sftest.WithProfile(server.Runtime))
			id := c.Put(stopping())
			c.On(m, tc.fault)
			method, url := http.MethodGet, listURL(c)
			if force {
				method, url = http.MethodPost, cancelURL(c, id, true)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			g := send(ctx, c.HTTPClient(), method, url)
			if want.err == nil && g.err != nil || want.err != nil && !want.err(g.err) {
				t.Errorf("%v: got error %v", m, g.err)
			}
			if g.status != want.status || !strings.Contains(g.body, want.body) || want.body == "" && g.body != "" {
				t.Errorf("%v: got %d %q, want %d and %q", m, g.status, g.body, want.status, want.body)
			}
			if forced := c.Operation(id).Rollback == emulator.RollingBackForce; forced != want.forced {
				t.Errorf("%v: forced: %v, want %v", m, forced, want.forced)
			}
			q := last(t, c)
			wire := want.status
			if q.Fault != tc.says || q.Server != want.server || q.Status != wire || len(c.Requests()) != 1 {
				t.Errorf("%v: the cluster says %v", m, c.Requests())
			}
			// Once is once.
			if g := send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c)); g.status != 200 || g.err != nil {
				t.Errorf("%v: afterwards: %d %v", m, g.status, g.err)
			}
		}
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			// In bubbles, so that no timeout depends on how slow the machine is.
			if tc.force.status != 0 || tc.force.err != nil {
				synctest.Test(t, func(t *testing.T) { check(t, sftest.Force, true, tc.force) })
			}
			synctest.Test(t, func(t *testing.T) { check(t, sftest.GetFaultOperationList, false, tc.list) })
		})
	}
}

// Delays and hangs are in the time of the bubble, to the nanosecond.
func TestDelaysInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now))
		took := func() time.Duration {
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			if g := send(ctx, c.HTTPClient(), http.MethodGet, listURL(c)); g.status != 200 && !errors.Is(g.err, context.DeadlineExceeded) {
				t.Errorf("got %d %v", g.status, g.err)
			}
			return time.Since(begin)
		}
		c.On(sftest.Any, sftest.DelayBefore(10*time.Minute))
		c.On(sftest.Any, sftest.DelayAfter(20*time.Minute))
		c.On(sftest.Any, sftest.HangBefore())
		for _, want := range []time.Duration{10 * time.Minute, 20 * time.Minute, time.Hour, 0} {
			if got := took(); got != want {
				t.Errorf("took %v, want %v", got, want)
			}
		}
	})
}

// Delayed before, a request is carried out though its caller has gone. Delayed after, it
// is carried out at once.
func TestDelayedArrival(t *testing.T) {
	t.Parallel()
	cases := []struct {
		fault        sftest.Fault
		lost         bool // at once
		at0, at2     emulator.Rollback
		seenAtTheEnd int
	}{
		{sftest.DelayBefore(2 * time.Minute), false, emulator.RollingBackDueToUserCancel, emulator.RollingBackForce, 200},
		{sftest.DelayAfter(2 * time.Minute), false, emulator.RollingBackForce, emulator.RollingBackForce, 200},
		{sftest.Late(2 * time.Minute), true, emulator.RollingBackDueToUserCancel, emulator.RollingBackForce, 200},
		{sftest.DropBefore(), true, emulator.RollingBackDueToUserCancel, emulator.RollingBackDueToUserCancel, 0},
	}
	for _, tc := range cases {
		synctest.Test(t, func(t *testing.T) {
			c := sftest.NewCluster(t, sftest.WithProfile(server.Runtime))
			id := c.Put(stopping())
			c.On(sftest.Force, tc.fault)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			g := send(ctx, c.HTTPClient(), http.MethodPost, cancelURL(c, id, true))
			if isLost(g.err) != tc.lost || !tc.lost && !errors.Is(g.err, context.DeadlineExceeded) {
				t.Errorf("%v: got %v", tc.fault, g.err)
			}
			synctest.Wait()
			if r := c.Operation(id); r.Rollback != tc.at0 {
				t.Errorf("%v: when the caller had gone: %s", tc.fault, r.Rollback)
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			if r, q := c.Operation(id), last(t, c); r.Rollback != tc.at2 || q.Server != tc.seenAtTheEnd {
				t.Errorf("%v: in the end: %s, %s", tc.fault, r.Rollback, q)
			}
		})
	}
}

// A body gets there late as well, when its connection is long gone.
func TestLateBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		for _, f := range []sftest.Fault{sftest.Late(2 * time.Minute), sftest.DelayBefore(2 * time.Minute), sftest.HangBefore()} {
			c.On(sftest.Graceful, f)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, cancelURL(c, id, false), strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			if response, err := c.HTTPClient().Do(r); err == nil {
				_ = response.Body.Close()
				t.Errorf("%v: %s", f, response.Status)
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			if q := last(t, c); q.Server != 200 && q.Fault != "HangBefore" {
				t.Errorf("got %s", q)
			}
		}
	})
}

// What makes no sense fails the test where it is written.
func TestSenselessFaults(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		m     sftest.Matcher
		fault sftest.Fault
		says  string
	}{
		{"no matcher", nil, sftest.DropAfter(), "the matcher is nil"},
		{"no function", sftest.Any, sftest.Func(nil), "the function is nil"},
		{"no status", sftest.Any, sftest.Answer{}.Before(), "0 is no status"},
		{"a status that is no answer", sftest.Any, sftest.Status(103, ""), "103 is no status"},
		{"a status of four digits", sftest.Any, sftest.Status(1000, ""), "1000 is no status"},
		{"a code and a body", sftest.Any, sftest.Answer{Status: 500, Code: "E_FAIL", Body: "x"}.After(), "not both"},
		{"a negative delay", sftest.Any, sftest.Late(-1), "must not be negative"},
		{"a negative cut", sftest.Any, sftest.CutBody(-1), "must not be negative"},
		{"a stale force", sftest.Force, sftest.Stale(), "only a read can be stale"},
		{"a stale cancel of an operation", sftest.CancelOperation.Of([16]byte{1}), sftest.Stale(), "only a read can be stale"},
	}
	for _, tc := range cases {
		said := watch(func(tb sftest.TB) {
			sftest.NewCluster(tb).On(tc.m, tc.fault)
			tb.Errorf("On returned")
		})
		t.Run(tc.name, func(t *testing.T) { saysOne(t, said, "fatal: sftest: On(", tc.says) })
	}
}

// What could only be found out when the request came fails the test then.
func TestFaultsThatCannotBe(t *testing.T) {
	t.Parallel()
	t.Run("nothing to cut off", func(t *testing.T) {
		t.Parallel()
		saysOne(t, watch(func(tb sftest.TB) {
			c := sftest.NewCluster(tb)
			id := c.Put(stopping())
			c.On(sftest.Any, sftest.CutBody(0))
			if g := send(t.Context(), c.HTTPClient(), http.MethodPost, cancelURL(c, id, false)); g.status != 200 || g.err != nil {
				tb.Errorf("got %d %v", g.status, g.err)
			}
		}), "CutBody(0)", "0 bytes", "DropAfter")
	})
	t.Run("no more than there is", func(t *testing.T) {
		t.Parallel()
		saysOne(t, watch(func(tb sftest.TB) {
			c := sftest.NewCluster(tb)
			c.On(sftest.Any, sftest.CutBody(len("[]\n")))
			send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c))
		}), "CutBody(3)", "3 bytes")
	})
	t.Run("a stale write", func(t *testing.T) {
		t.Parallel()
		saysOne(t, watch(func(tb sftest.TB) {
			c := sftest.NewCluster(tb)
			id := c.Put(stopping())
			c.On(sftest.Any, sftest.Stale())
			if g := send(t.Context(), c.HTTPClient(), http.MethodPost, cancelURL(c, id, false)); !isLost(g.err) {
				tb.Errorf("got %d %v", g.status, g.err)
			}
		}), "Stale", "is no read")
	})
	t.Run("a panic", func(t *testing.T) {
		t.Parallel()
		saysOne(t, watch(func(tb sftest.TB) {
			c := sftest.NewCluster(tb)
			c.On(sftest.Any, sftest.Func(func(http.Handler) http.Handler { panic("boo") }))
			if g := send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c)); !isLost(g.err) {
				tb.Errorf("got %d %v", g.status, g.err)
			}
		}), "panic", "boo", "GetFaultOperationList", "fault_test.go")
	})
}
