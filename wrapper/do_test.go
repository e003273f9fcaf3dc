package wrapper_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// requests builds requests with a method for a path, as package generated does for an operation.
func requests(method, path string) func(context.Context, wrapper.Sending) (*http.Request, error) {
	return func(ctx context.Context, s wrapper.Sending) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, method, s.To.String()+path+"?api-version="+string(s.APIVersion), nil)
	}
}

// Do calls an operation that has no method of its own, over a socket, with retries, failover and a token, and decodes
// the answer.
func TestDo(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		c.wire.Spoil(wirefault.Any, wirefault.Fault{Status: 503}, wirefault.Fault{})
		var attempts []wrapper.Attempt
		ctx := wrapper.PerCall(t.Context(), wrapper.CallOptions{Attempts: &attempts})
		client := newClient(t, "http://127.0.0.1:1", wrapper.WithEndpoints(c.serve(t)), wrapper.WithTokenSource(new(tokens).Token))
		var version struct{ Version string }
		err := client.Do(ctx, "cluster version", requests("GET", "$/GetClusterVersion"), &version)
		if err != nil || version.Version == "" {
			t.Fatalf("got %+v, %v, want a version", version, err)
		}
		if n := len(attempts); n < 4 || attempts[n-1].Class() != "done" || attempts[n-1].Purpose() != "do" || attempts[0].Class() != "not sent" {
			t.Errorf("got %d attempts %+v, want one not sent, two failed and one done", n, attempts)
		}
		err = client.Do(t.Context(), "nothing", requests("GET", "$/Nothing"), &version)
		if e := asError(t, err, wrapper.ErrServerRefused); !strings.HasPrefix(e.Error(), "nothing: refused by the server") {
			t.Errorf("got %v, want it to begin with the name of the call", err)
		}
	})
}

// Do retries a request of package generated like a read of its own.
func TestDoWithAGeneratedBuilder(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	cause, _ := faulted(t, c, wrapper.KindDataLoss)
	c.wire.Spoil(wirefault.Any, wirefault.Fault{Apply: true})
	var progress generated.PartitionDataLossProgress
	err := c.client(t).Do(t.Context(), "", func(ctx context.Context, s wrapper.Sending) (*http.Request, error) {
		return generated.NewGetDataLossProgressRequest(ctx, s.To, "shop~orders", orders.ID,
			generated.GetDataLossProgressParams{APIVersion: s.APIVersion, OperationID: opID, Timeout: s.Timeout})
	}, &progress)
	if err != nil || progress.State != generated.OperationStateFaulted || progress.InvokeDataLossResult.ErrorCode != cause.Number {
		t.Errorf("got %+v, %v, want Faulted with %d", progress, err, cause.Number)
	}
}

// A request that may have been carried out is retried only if its method is idempotent, and is ErrOutcomeUnknown
// otherwise. A request that was not carried out is always retried.
func TestDoRepeatsWhatIsSafe(t *testing.T) {
	t.Parallel()
	lost, busy, away := answer{lost: true}, answer{status: 429}, answer{dial: true}
	for _, tc := range []struct {
		method string
		answer answer
		served int
		err    error // if every request gets that answer
	}{
		{"GET", lost, 3, wrapper.ErrUnavailable}, {"HEAD", lost, 3, wrapper.ErrUnavailable},
		{"PUT", lost, 3, wrapper.ErrOutcomeUnknown}, {"DELETE", answer{status: 503}, 3, wrapper.ErrOutcomeUnknown},
		{"POST", lost, 1, wrapper.ErrOutcomeUnknown}, {"PATCH", answer{status: 504}, 1, wrapper.ErrOutcomeUnknown},
		{"POST", busy, 3, wrapper.ErrServerRefused}, {"POST", away, 3, wrapper.ErrNotSent}, {"PUT", away, 3, wrapper.ErrNotSent},
		{"POST", answer{status: 404}, 1, wrapper.ErrServerRefused}, {"GET", answer{status: 404}, 1, wrapper.ErrServerRefused},
		{"POST", answer{status: 202}, 1, nil}, {"PUT", answer{status: 204}, 1, nil},
		{"POST", answer{status: 200, body: "{}"}, 1, wrapper.ErrOutcomeUnknown}, // without a value, no body is expected
	} {
		p := serving(tc.answer)
		err := directClient(t, &p.answers, fastWith(3)).Do(t.Context(), "", requests(tc.method, "Faults/$/New"), nil)
		if tc.err == nil {
			must(t, err)
		} else {
			onlyKind(t, err, tc.err)
		}
		if p.served != tc.served {
			t.Errorf("%s %+v: got %d requests, want %d", tc.method, tc.answer, p.served, tc.served)
		}
	}
	p := serving(lost, answer{status: 404})
	err := directClient(t, &p.answers, fastWith(3)).Do(t.Context(), "", requests("DELETE", "x"), nil)
	onlyKind(t, err, wrapper.ErrOutcomeUnknown) // the first may have deleted it
}

// A valid answer replaces the whole value; an invalid one leaves it unchanged.
func TestDoDecodes(t *testing.T) {
	t.Parallel()
	type value struct{ A, B int }
	for body, want := range map[string]*value{`{"A":1}`: {A: 1}, `{"A":`: nil, `[]`: nil, ``: nil, `{"A":"x"}`: nil} {
		got := value{7, 7}
		p := serving(answer{status: 200, body: body})
		err := directClient(t, &p.answers, fastWith(2)).Do(t.Context(), "", requests("GET", "x"), &got)
		switch {
		case want != nil && (err != nil || got != *want):
			t.Errorf("%q: got %+v, %v, want %+v", body, got, err, *want)
		case want == nil && (!errors.Is(err, wrapper.ErrBadAnswer) || got != value{7, 7}):
			t.Errorf("%q: got %+v, %v, want ErrBadAnswer and the value unchanged", body, got, err)
		}
	}
}

// A request that is invalid, goes to another host, or has a method of its own is refused before anything is sent.
func TestDoRefuses(t *testing.T) {
	t.Parallel()
	builder := func(r *http.Request, err error) func(context.Context, wrapper.Sending) (*http.Request, error) {
		return func(context.Context, wrapper.Sending) (*http.Request, error) { return r, err }
	}
	elsewhere, err := http.NewRequestWithContext(t.Context(), "GET", "http://elsewhere/Faults/", nil)
	must(t, err)
	var nothing *struct{}
	for name, tc := range map[string]struct {
		build func(context.Context, wrapper.Sending) (*http.Request, error)
		into  any
	}{
		"no builder":  {nil, nil},
		"no pointer":  {requests("GET", "x"), struct{}{}},
		"nil pointer": {requests("GET", "x"), nothing},
		"no request":  {builder(nil, nil), nil},
		"an error":    {builder(nil, errors.New("no")), nil},
		"elsewhere":   {builder(elsewhere, nil), nil},
		"a cancel": {func(ctx context.Context, s wrapper.Sending) (*http.Request, error) {
			return generated.NewCancelOperationRequest(ctx, s.To, generated.CancelOperationParams{OperationID: opID, Force: true})
		}, nil},
		"a start": {func(ctx context.Context, s wrapper.Sending) (*http.Request, error) {
			return generated.NewStartDataLossRequest(ctx, s.To, "shop~orders", uuid.New(), generated.StartDataLossParams{OperationID: opID, DataLossMode: "FullDataLoss"})
		}, nil},
	} {
		p := serving(done)
		err := directClient(t, &p.answers).Do(t.Context(), "", tc.build, tc.into)
		if onlyKind(t, err, wrapper.ErrInvalidArgument); p.served != 0 {
			t.Errorf("%s: got %d requests, want none", name, p.served)
		}
	}
}
