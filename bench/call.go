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

// others returns a function that hands out operation ids, over and over. There are more of them than a client
// remembers. It is safe for concurrent use.
func others() func() uuid.UUID {
	all := make([]uuid.UUID, 1<<14)
	for i := range all {
		all[i] = uuid.New()
	}
	var next atomic.Uint64
	return func() uuid.UUID { return all[next.Add(1)%uint64(len(all))] }
}

// same returns a function that hands out one id.
func same() func() uuid.UUID { return func() uuid.UUID { return operationID } }

// canned answers without a network: every cancel with a status, and a list with the operation of the last cancel,
// which is over. For one goroutine.
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

// netHTTP is the transport of net/http with canned in place of its connections. A client trusts that one to heed a
// context, and runs any other in a goroutine of its own, which no side by hand does.
func netHTTP(c *canned) *http.Transport {
	t := new(http.Transport)
	t.RegisterProtocol("http", c)
	return t
}

func openCancel() ([]side, func() error, error)      { return openCall(others) }
func openCancelAgain() ([]side, func() error, error) { return openCall(same) }

// openCall cancels what the network would answer with 200. The client is one that has been in use for a while, whose
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

// warm is how many calls fill the ledger of a client.
const warm = 12_000

func oursCancel(c *wrapper.Client) func(context.Context, uuid.UUID) error {
	return func(ctx context.Context, id uuid.UUID) error {
		_, err := c.Cancel(ctx, id, wrapper.CancelOptions{})
		return err
	}
}

// openCancel404 cancels what is not found, and looks for it in the list.
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

// finished is the error of a cancel that should have found its operation over.
func finished(result wrapper.Result, err error) error {
	if err == nil && result.Verdict != wrapper.Finished {
		err = fmt.Errorf("the verdict is %v, want %v", result.Verdict, wrapper.Finished)
	}
	return err
}
