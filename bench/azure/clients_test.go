package azure_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	v3 "azure-sdk-v16.test/services/servicefabric/5.6/servicefabric"
	v6 "github.com/Azure/azure-sdk-for-go/services/servicefabric/6.5/servicefabric"
	"github.com/Azure/go-autorest/autorest"
	uuid "github.com/satori/go.uuid"
)

// kind is the type of an operation, as in a list.
type kind string

const (
	dataLoss       kind = "PartitionDataLoss"
	quorumLoss     kind = "PartitionQuorumLoss"
	restart        kind = "PartitionRestart"
	nodeTransition kind = "NodeTransition"
)

// operation has the parameters of all four starts.
type operation struct {
	kind    kind
	id      uuid.UUID
	mode    string // of the data loss, quorum loss or restart, or the type of the transition
	seconds int32  // duration of the quorum loss or of the stop

	service   string // in the spelling of the client's api-version
	partition uuid.UUID

	node     string
	instance string
}

// progress is the answer to any of the four progress calls.
type progress struct {
	state  string
	result *result
}

// result is the result of an operation that ended by itself.
type result struct {
	errorCode      int32
	service        string
	partition      string
	node, instance string
}

// listed is one line of the list.
type listed struct {
	id    string
	state string
	kind  kind
}

// client is a common interface of the generated clients. It does not change their requests,
// answers or errors.
type client interface {
	start(ctx context.Context, o operation) error
	progress(ctx context.Context, o operation) (progress, error)
	list(ctx context.Context, types, states int32) ([]listed, error)
	cancel(ctx context.Context, id uuid.UUID, force bool) error
	// fabricError decodes a body into the client's own error model.
	fabricError(body []byte) (code string, message *string, err error)
}

// generated lists the clients.
var generated = []struct {
	name       string
	apiVersion string
	delimiter  string // of a hierarchical service id; it changed in api-version 6.0
	new        func(url string, w *wire) client
}{
	{"5.6", "3.0", "/", func(url string, w *wire) client {
		c := v3.NewWithBaseURI(url)
		w.tap(&c.Client)
		return client56{c}
	}},
	{"6.5", "6.0", "~", func(url string, w *wire) client {
		c := v6.NewWithBaseURI(url)
		w.tap(&c.Client)
		return client65{c}
	}},
}

// wire sits between a client and its sender, and records the last request and answer. It is not safe for
// concurrent use.
type wire struct {
	next     autorest.Sender
	edit     func(query url.Values) // if not nil, changes the query of each request
	requests int
	request  *http.Request
	response *http.Response
	body     []byte
}

// tap installs the wire in a client and disables its retries: by default it would
// retry a 5xx three times, which takes minutes.
func (w *wire) tap(c *autorest.Client) {
	w.next = c.Sender
	c.Sender = w
	c.RetryAttempts = 0
	c.RetryDuration = 0
}

// Do sends a request and records it and its answer.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	if w.edit != nil {
		query := r.URL.Query()
		w.edit(query)
		r.URL.RawQuery = query.Encode()
	}
	w.requests++
	w.request = r
	response, err := w.next.Do(r)
	if err != nil {
		return response, err
	}
	w.response = response
	w.body, err = io.ReadAll(response.Body)
	if err != nil {
		return response, fmt.Errorf("reading the answer: %w", err)
	}
	err = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(w.body))
	return response, err
}

// client56 is the 5.6 client, which has no types for the modes.
type client56 struct{ v3.BaseClient }

func (c client56) start(ctx context.Context, o operation) error {
	var err error
	switch o.kind {
	case dataLoss:
		_, err = c.StartDataLoss(ctx, o.service, o.partition, o.id, o.mode, nil)
	case quorumLoss:
		_, err = c.StartQuorumLoss(ctx, o.service, o.partition, o.id, o.mode, o.seconds, nil)
	case restart:
		_, err = c.StartPartitionRestart(ctx, o.service, o.partition, o.id, o.mode, nil)
	case nodeTransition:
		_, err = c.StartNodeTransition(ctx, o.node, o.id, o.mode, o.instance, o.seconds, nil)
	default:
		err = fmt.Errorf("no such kind: %q", o.kind)
	}
	return err
}

func (c client56) progress(ctx context.Context, o operation) (progress, error) {
	partition := func(state string, code *int32, s *v3.SelectedPartition, err error) (progress, error) {
		p := progress{state: state}
		if code != nil && s != nil {
			p.result = &result{errorCode: *code, service: text(s.ServiceName), partition: guid(s.PartitionID)}
		}
		return p, err
	}
	switch o.kind {
	case dataLoss:
		p, err := c.GetDataLossProgress(ctx, o.service, o.partition, o.id, nil)
		if r := p.InvokeDataLossResult; r != nil {
			return partition(string(p.State), r.ErrorCode, r.SelectedPartition, err)
		}
		return partition(string(p.State), nil, nil, err)
	case quorumLoss:
		p, err := c.GetQuorumLossProgress(ctx, o.service, o.partition, o.id, nil)
		if r := p.InvokeQuorumLossResult; r != nil {
			return partition(string(p.State), r.ErrorCode, r.SelectedPartition, err)
		}
		return partition(string(p.State), nil, nil, err)
	case restart:
		p, err := c.GetPartitionRestartProgress(ctx, o.service, o.partition, o.id, nil)
		if r := p.RestartPartitionResult; r != nil {
			return partition(string(p.State), r.ErrorCode, r.SelectedPartition, err)
		}
		return partition(string(p.State), nil, nil, err)
	case nodeTransition:
		p, err := c.GetNodeTransitionProgress(ctx, o.node, o.id, nil)
		told := progress{state: string(p.State)}
		if r := p.NodeTransitionResult; r != nil && r.ErrorCode != nil && r.NodeResult != nil {
			told.result = &result{errorCode: *r.ErrorCode, node: text(r.NodeResult.NodeName), instance: text(r.NodeResult.NodeInstanceID)}
		}
		return told, err
	default:
		return progress{}, fmt.Errorf("no such kind: %q", o.kind)
	}
}

func (c client56) list(ctx context.Context, types, states int32) ([]listed, error) {
	l, err := c.GetFaultOperationList(ctx, types, states, nil)
	if err != nil || l.Value == nil {
		return nil, err
	}
	all := []listed{}
	for _, o := range *l.Value {
		all = append(all, listed{guid(o.OperationID), string(o.State), kind(o.Type)})
	}
	return all, nil
}

func (c client56) cancel(ctx context.Context, id uuid.UUID, force bool) error {
	_, err := c.CancelOperation(ctx, id, force, nil)
	return err
}

func (c client56) fabricError(body []byte) (code string, message *string, err error) {
	var e v3.FabricError
	if err := json.Unmarshal(body, &e); err != nil || e.Error == nil {
		return "", nil, err
	}
	return string(e.Error.Code), e.Error.Message, nil
}

// client65 is the 6.5 client.
type client65 struct{ v6.BaseClient }

func (c client65) start(ctx context.Context, o operation) error {
	var err error
	switch o.kind {
	case dataLoss:
		_, err = c.StartDataLoss(ctx, o.service, o.partition, o.id, v6.DataLossMode(o.mode), nil)
	case quorumLoss:
		_, err = c.StartQuorumLoss(ctx, o.service, o.partition, o.id, v6.QuorumLossMode(o.mode), o.seconds, nil)
	case restart:
		_, err = c.StartPartitionRestart(ctx, o.service, o.partition, o.id, v6.RestartPartitionMode(o.mode), nil)
	case nodeTransition:
		_, err = c.StartNodeTransition(ctx, o.node, o.id, v6.NodeTransitionType(o.mode), o.instance, o.seconds, nil)
	default:
		err = fmt.Errorf("no such kind: %q", o.kind)
	}
	return err
}

func (c client65) progress(ctx context.Context, o operation) (progress, error) {
	partition := func(state v6.OperationState, code *int32, s *v6.SelectedPartition, err error) (progress, error) {
		p := progress{state: string(state)}
		if code != nil && s != nil {
			p.result = &result{errorCode: *code, service: text(s.ServiceName), partition: guid(s.PartitionID)}
		}
		return p, err
	}
	switch o.kind {
	case dataLoss:
		p, err := c.GetDataLossProgress(ctx, o.service, o.partition, o.id, nil)
		if r := p.InvokeDataLossResult; r != nil {
			return partition(p.State, r.ErrorCode, r.SelectedPartition, err)
		}
		return partition(p.State, nil, nil, err)
	case quorumLoss:
		p, err := c.GetQuorumLossProgress(ctx, o.service, o.partition, o.id, nil)
		if r := p.InvokeQuorumLossResult; r != nil {
			return partition(p.State, r.ErrorCode, r.SelectedPartition, err)
		}
		return partition(p.State, nil, nil, err)
	case restart:
		p, err := c.GetPartitionRestartProgress(ctx, o.service, o.partition, o.id, nil)
		if r := p.RestartPartitionResult; r != nil {
			return partition(p.State, r.ErrorCode, r.SelectedPartition, err)
		}
		return partition(p.State, nil, nil, err)
	case nodeTransition:
		p, err := c.GetNodeTransitionProgress(ctx, o.node, o.id, nil)
		told := progress{state: string(p.State)}
		if r := p.NodeTransitionResult; r != nil && r.ErrorCode != nil && r.NodeResult != nil {
			told.result = &result{errorCode: *r.ErrorCode, node: text(r.NodeResult.NodeName), instance: text(r.NodeResult.NodeInstanceID)}
		}
		return told, err
	default:
		return progress{}, fmt.Errorf("no such kind: %q", o.kind)
	}
}

func (c client65) list(ctx context.Context, types, states int32) ([]listed, error) {
	l, err := c.GetFaultOperationList(ctx, types, states, nil)
	if err != nil || l.Value == nil {
		return nil, err
	}
	all := []listed{}
	for _, o := range *l.Value {
		all = append(all, listed{guid(o.OperationID), string(o.State), kind(o.Type)})
	}
	return all, nil
}

func (c client65) cancel(ctx context.Context, id uuid.UUID, force bool) error {
	_, err := c.CancelOperation(ctx, id, force, nil)
	return err
}

func (c client65) fabricError(body []byte) (code string, message *string, err error) {
	var e v6.FabricError
	if err := json.Unmarshal(body, &e); err != nil || e.Error == nil {
		return "", nil, err
	}
	return string(e.Error.Code), e.Error.Message, nil
}

// text and guid return the value of a member, or "" if it is absent.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func guid(u *uuid.UUID) string {
	if u == nil {
		return ""
	}
	return u.String()
}
