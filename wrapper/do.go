package wrapper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
)

// Sending tells the builder of a [Client.Do] about one request.
type Sending struct {
	To         generated.Base       // the endpoint
	APIVersion generated.APIVersion // the client's
	// Timeout is the timeout parameter of the request, if its operation has one; nil leaves the server its default.
	Timeout *int64
}

// Do sends a request that this package has no method for, with the endpoints, TLS, tokens, retries, middleware and
// observers of the client. It is for operations that the document gains, whose requests package generated
// builds, and for other requests to a gateway. build is called for every attempt; it must return a request for the
// endpoint and with the context that it is given. The name is that of the [Call], for logs and errors.
//
//	err := client.Do(ctx, "count faults", func(ctx context.Context, s wrapper.Sending) (*http.Request, error) {
//		return generated.NewCountFaultsRequest(ctx, s.To, generated.CountFaultsParams{APIVersion: s.APIVersion, Timeout: s.Timeout})
//	}, &count)
//
// Any status from 200 to 299 is a success. Its body must be JSON and is decoded into the value that into points to,
// replacing it; with a nil into the body must be empty. A request is retried if its method is safe or idempotent (GET, HEAD,
// OPTIONS, PUT and DELETE, RFC 9110 §9.2.2). A request with any other method is retried only if it was certainly
// not carried out: it was not sent, or was answered with 429.
//
// The error is an [*Error]: [ErrInvalidArgument], [ErrNotSent], [ErrServerRefused], [ErrUnavailable] for a safe method,
// or [ErrOutcomeUnknown] for other methods. Do refuses cancels and starts: their own methods know what may be
// repeated, and record it in the ledger.
func (c *Client) Do(ctx context.Context, name string, build func(context.Context, Sending) (*http.Request, error), into any) error {
	k := &call{c: c, name: orDefault(name, "do"), version: c.version}
	to := reflect.ValueOf(into)
	if build == nil || into != nil && (to.Kind() != reflect.Pointer || to.IsNil()) {
		return k.fail(ErrInvalidArgument, errors.New("there is no builder, or nothing to decode into: it must be a pointer, or nil"))
	}
	_, err := c.run(ctx, k, func(ctx context.Context) (Outcome, error) {
		return Outcome{Operations: []Operation{}}, k.repeat(ctx, build, to)
	})
	return err
}

// repeat sends until the outcome is known.
func (k *call) repeat(ctx context.Context, build func(context.Context, Sending) (*http.Request, error), into reflect.Value) error {
	for {
		if err := k.ready(ctx); err != nil {
			return k.giveUp(purposeDo, err)
		}
		var method string
		var came reflect.Value
		wanted := success{}
		if into.IsValid() {
			fresh := reflect.New(into.Type().Elem()) // one for each answer: another may be read still
			came, wanted.body = fresh, decoding(fresh.Interface())
		}
		a := k.send(ctx, purposeDo, wanted, func(ctx context.Context, k *call, s sending) (*http.Request, error) {
			r, err := build(ctx, Sending{s.to, k.version, s.timeout})
			if err == nil {
				r, err = checked(ctx, r, s.to)
			}
			if err == nil {
				method = r.Method
			}
			return r, err
		})
		safe := method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
		switch {
		case a.class == classDone:
			if into.IsValid() {
				into.Elem().Set(came.Elem())
			}
			return nil
		case a.class == classAmbiguous && !safe:
			k.known.unsure = true
		}
		repeats := safe || method == http.MethodPut || method == http.MethodDelete || a.class != classAmbiguous
		if !repeats || !retryable(a) {
			return k.giveUp(purposeDo, nil)
		}
	}
}

// decoding reads JSON into a value.
func decoding(into any) func(io.Reader, func(string) string) error {
	return func(body io.Reader, shown func(string) string) error {
		text, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		if json.Unmarshal([]byte(shown(string(text))), into) != nil {
			return fmt.Errorf("the body is no %T", into)
		}
		return nil
	}
}

// ownWrites are the operations that are written with methods of their own.
var ownWrites = []string{"CancelOperation", "StartDataLoss", "StartQuorumLoss", "StartPartitionRestart", "StartNodeTransition"}

// checked is a request of a caller, if it may be sent as it is.
func checked(ctx context.Context, r *http.Request, to generated.Base) (*http.Request, error) {
	if r == nil || r.URL == nil || r.Method == "" {
		return nil, errors.New("the builder returned no request, or one without a method")
	}
	path, ok := strings.CutPrefix(r.URL.Scheme+"://"+r.URL.Host+r.URL.EscapedPath(), to.String())
	if !ok || r.URL.User != nil {
		return nil, errors.New("the request is not for the endpoint")
	}
	if o := generated.OperationAt(r.Method, path); o != nil && slices.Contains(ownWrites, o.ID) {
		return nil, fmt.Errorf("%s has a method of its own", o.ID)
	}
	if r.Context() != ctx {
		r = r.WithContext(ctx)
	}
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	return r, nil
}
