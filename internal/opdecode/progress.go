package opdecode

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"

	"github.com/google/uuid"
)

var errNoProgress = errors.New("not the progress of an operation")

// Progress is the progress of an operation.
type Progress struct {
	State  string
	Result Result // the zero value if there is none
}

// Result is the result of an operation, and its target: a partition or a node.
type Result struct {
	ErrorCode    int32 // an HRESULT; 0 is a success
	Service      string
	Partition    uuid.UUID
	Node         string
	NodeInstance uint64
}

// ReadProgress reads the progress of an operation of any kind, of at most 64 KiB. shown converts the texts, of at most
// 128 bytes for a state and 4 KiB for names. A result that does not match the document is ignored:
// the state does not depend on it.
func ReadProgress(body io.Reader, shown func(string) string) (Progress, error) {
	text, err := io.ReadAll(io.LimitReader(body, maxElement+1))
	var came struct {
		State string

		InvokeDataLossResult, InvokeQuorumLossResult, RestartPartitionResult, NodeTransitionResult json.RawMessage
	}
	if err != nil || len(text) > maxElement || json.Unmarshal(text, &came) != nil || came.State == "" || len(came.State) > maxName {
		return Progress{}, errNoProgress
	}
	p := Progress{State: shown(came.State)}
	for _, result := range []json.RawMessage{came.InvokeDataLossResult, came.InvokeQuorumLossResult, came.RestartPartitionResult, came.NodeTransitionResult} {
		if len(result) > 0 {
			p.Result = cmp.Or(p.Result, readResult(result, shown))
		}
	}
	return p, nil
}

func readResult(text []byte, shown func(string) string) Result {
	const longest = 4 << 10
	var came struct {
		ErrorCode         int64
		SelectedPartition struct {
			ServiceName string
			PartitionID uuid.UUID `json:"PartitionId"`
		}
		NodeResult struct {
			NodeName       string
			NodeInstanceID uint64 `json:"NodeInstanceId,string"`
		}
	}
	err := json.Unmarshal(text, &came)
	service, node := came.SelectedPartition.ServiceName, came.NodeResult.NodeName
	if err != nil || int64(int32(came.ErrorCode)) != came.ErrorCode && int64(uint32(came.ErrorCode)) != came.ErrorCode || len(service)+len(node) > longest {
		return Result{}
	}
	return Result{int32(came.ErrorCode), shown(service), came.SelectedPartition.PartitionID, shown(node), came.NodeResult.NodeInstanceID}
}
