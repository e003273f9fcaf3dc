package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// errDryRun ends a call at the first request that would change something.
var errDryRun = errors.New("dry run")

// dryRun is a call that sends no write: it asks the policy, reads the ledger and the cluster, and keeps the first write
// instead of sending it.
type dryRun struct {
	end     context.CancelCauseFunc
	request string
}

type dryKey struct{}

// within returns a context that makes a call a dry run.
func (d *dryRun) within(ctx context.Context) context.Context {
	ctx, d.end = context.WithCancelCause(ctx)
	return context.WithValue(ctx, dryKey{}, d)
}

// holdBack is attempt middleware that sends no write, whether or not the context has a dryRun.
func holdBack(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodGet {
			return next.RoundTrip(r)
		}
		if d, ok := r.Context().Value(dryKey{}).(*dryRun); ok {
			d.request = r.Method + " " + r.URL.String()
			d.end(errDryRun)
		}
		return nil, fmt.Errorf("%w: %w", wrapper.ErrNotSent, errDryRun)
	})
}

// readOnlyLedger drops the entries that it is given.
type readOnlyLedger struct{ wrapper.Ledger }

func (readOnlyLedger) Append(context.Context, wrapper.Entry) error { return nil }

// dryJSON is the document of a dry run.
type dryJSON struct {
	OperationID string `json:"operationId"`
	DryRun      bool   `json:"dryRun"`
	WouldSend   string `json:"wouldSend"`
	Policy      string `json:"policy,omitempty"`
}

func (d *dryRun) document(id uuid.UUID, policy string) dryJSON {
	return dryJSON{idOrNone(id), true, d.request, policy}
}
