// Package document encodes a ledger entry as one JSON object. The package comment of ledger lists the
// member names.
package document

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// document is the JSON form. OperationID is a pointer because an object without the member is not an entry.
type document struct {
	Time        time.Time            `json:"time"`
	OperationID *uuid.UUID           `json:"operationId"`
	Cluster     string               `json:"cluster,omitempty"`
	Action      wrapper.Action       `json:"action"`
	Kind        wrapper.Kind         `json:"kind,omitempty"`
	Target      string               `json:"target,omitempty"`
	RequestID   uuid.UUID            `json:"requestId,omitzero"`
	Life        uuid.UUID            `json:"life,omitzero"`
	Outcome     wrapper.EntryOutcome `json:"outcome,omitempty"`
	Verdict     wrapper.Verdict      `json:"verdict,omitempty"`
	Code        wrapper.Code         `json:"code,omitempty"`
	State       wrapper.State        `json:"state,omitempty"`
	Reason      string               `json:"reason,omitempty"`
	By          string               `json:"by,omitempty"`
}

// Encode returns an entry as one line without the newline. It fails for a time that RFC 3339 cannot
// represent.
func Encode(e wrapper.Entry) ([]byte, error) {
	return json.Marshal(document{
		Time: e.Time.UTC(), OperationID: &e.OperationID, Cluster: e.Cluster, Action: e.Action, Kind: e.Kind, Target: e.Target,
		RequestID: e.RequestID, Life: e.Life, Outcome: e.Outcome, Verdict: e.Verdict, Code: e.Code, State: e.State, Reason: e.Reason, By: e.By,
	})
}

// Decode parses what Encode of this or an earlier release has written. Unknown members are ignored.
func Decode(text []byte) (wrapper.Entry, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return wrapper.Entry{}, err
	}
	if d.OperationID == nil {
		return wrapper.Entry{}, errors.New("it is about no operation")
	}
	return wrapper.Entry{
		Time: d.Time, OperationID: *d.OperationID, Cluster: d.Cluster, Action: d.Action, Kind: d.Kind, Target: d.Target,
		RequestID: d.RequestID, Life: d.Life, Outcome: d.Outcome, Verdict: d.Verdict, Code: d.Code, State: d.State, Reason: d.Reason, By: d.By,
	}, nil
}
