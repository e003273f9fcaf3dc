package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// others returns a function that returns different operation ids in turn, more than a client
// remembers. The function is safe for concurrent use.
func others() func() uuid.UUID {
	all := make([]uuid.UUID, 1<<14)
	for i := range all {
		all[i] = uuid.New()
	}
	var next atomic.Uint64
	return func() uuid.UUID { return all[next.Add(1)%uint64(len(all))] }
}

// same returns a function that always returns the same id.
func same() func() uuid.UUID { return func() uuid.UUID { return operationID } }

// canned answers without a network: a cancel with a fixed status, and a list with the operation of the last cancel
// as Cancelled. It is not safe for concurrent use.
type canned struct {
	status int
	last   string
}

const (
	asJSON   = "application/json; charset=utf-8"
	notFound = `{"Error":{"Code":"FABRIC_E_KEY_NOT_FOUND","Message":"There is no such operation."}}`
)

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, 1), Body: http.NoBody, Request: r,
	}
	var body []byte
	switch {
	case r.Method == http.MethodGet:
		body = append(append(append(body, `[{"OperationId":"`...), c.last...), `","State":"Cancelled","Type":"PartitionDataLoss"}]`...)
	case c.status == http.StatusNotFound:
		_, query, _ := bytes.Cut([]byte(r.URL.RawQuery), []byte("OperationId="))
		c.last = string(query[:36])
		body, answer.StatusCode = []byte(notFound), c.status
	default:
		return answer, nil
	}
	answer.Header.Set("Content-Type", asJSON)
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return answer, nil
}

// netHTTP returns an [http.Transport] with canned in place of its connections. Our client trusts an http.Transport to
// observe the context, and runs any other transport in an extra goroutine, which the handwritten sides do not need.
func netHTTP(c *canned) *http.Transport {
	t := new(http.Transport)
	t.RegisterProtocol("http", c)
	return t
}

func openCancel() ([]side, func() error, error)      { return openCall(others) }
func openCancelAgain() ([]side, func() error, error) { return openCall(same) }

// openCall cancels operations with an answer of 200. Our client has been in use for a while: its
// ledger is full.
func openCall(ids func() func() uuid.UUID) ([]side, func() error, error) {
	h := &http.Client{Transport: netHTTP(&canned{status: http.StatusOK})}
	ours, err := wrapper.New(gateway, wrapper.WithHTTPClient(h))
	if err != nil {
		return nil, nil, err
	}
	stock, err := stockCancel(gateway, h)
	if err != nil {
		return nil, nil, err
	}
	ctx := context.Background()
	ask := func(name string, cancel func(context.Context, uuid.UUID) error) side {
		id := ids()
		return once(name, func() error { return cancel(ctx, id()) })
	}
	sides := []side{
		ask("ours", oursCancel(ours)),
		ask("duty", duty{plain{gateway, h}}.cancel),
		ask("plain", plain{gateway, h}.cancel),
		ask("stock", stock),
		ask("azure", azureCancel(gateway, h)),
	}
	return sides, func() error { ours.Close(); return nil }, sides[0].many(warm)
}

// warm is a number of calls that fills the ledger of a client.
const warm = 12_000

func oursCancel(c *wrapper.Client) func(context.Context, uuid.UUID) error {
	return func(ctx context.Context, id uuid.UUID) error {
		_, err := c.Cancel(ctx, id, wrapper.CancelOptions{})
		return err
	}
}

// openCancel404 cancels operations with an answer of 404, and looks them up in the list.
func openCancel404() ([]side, func() error, error) {
	h := &http.Client{Transport: netHTTP(&canned{status: http.StatusNotFound})}
	ours, err := wrapper.New(gateway, wrapper.WithHTTPClient(h))
	if err != nil {
		return nil, nil, err
	}
	ctx := context.Background()
	byHand := func(cancel func(context.Context, uuid.UUID) error, list func(context.Context) ([]listed, error)) func() error {
		next := others()
		return func() error {
			id := next()
			if err := missing(cancel(ctx, id)); err != nil {
				return err
			}
			all, err := list(ctx)
			if err == nil && (len(all) != 1 || all[0].OperationID != id) {
				err = errors.New("it is not in the list")
			}
			return err
		}
	}
	p, next := plain{gateway, h}, others()
	sides := []side{
		once("ours", func() error { return finished(ours.Cancel(ctx, next(), wrapper.CancelOptions{})) }),
		once("plain", byHand(p.cancel, p.list)),
		once("duty", byHand(duty{p}.cancel, p.list)),
	}
	return sides, func() error { ours.Close(); return nil }, sides[0].many(warm)
}

// finished returns an error unless a cancel found its operation ended.
func finished(result wrapper.Result, err error) error {
	if err == nil && result.Verdict != wrapper.Finished {
		err = fmt.Errorf("got the verdict %v, want %v", result.Verdict, wrapper.Finished)
	}
	return err
}
