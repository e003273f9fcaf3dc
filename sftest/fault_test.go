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
