package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"
)

// The parameters of the ten requests.
const (
	gateway      = "http://localhost:19080"
	serviceID    = "shop~orders"
	nodeName     = "_Node_0"
	nodeInstance = "131742101376423190"
	duration     = 600 // seconds of a quorum loss or a node stop
	filterAll    = 65535
)

var (
	operationID = uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")
	partitionID = uuid.MustParse("0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11")
)

// requestNames are the operationIds of the document.
var requestNames = []string{
	"CancelOperation", "GetFaultOperationList",
	"StartDataLoss", "GetDataLossProgress",
	"StartQuorumLoss", "GetQuorumLossProgress",
	"StartPartitionRestart", "GetPartitionRestartProgress",
	"StartNodeTransition", "GetNodeTransitionProgress",
}

// openRequest builds one of the ten requests without sending it.
func openRequest(name string) ([]side, func() error, error) {
	var sides []side
	var asked []string
	for _, b := range []struct {
		name  string
		build func() (*http.Request, error)
	}{
		{"ours", oursRequest(name)},
		{"plain", plainRequest(name)},
		{"stock", stockRequest(name)},
		{"azure", azureRequest(name)},
	} {
		r, err := b.build()
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", b.name, err)
		}
		asked = append(asked, r.Method+" "+r.URL.Path+"?"+r.URL.Query().Encode())
		sides = append(sides, once(b.name, func() error {
			_, err := b.build()
			return err
		}))
	}
	for i := range asked {
		if asked[i] != asked[1] {
			return nil, nil, fmt.Errorf("%s: got the request %s, want that of plain, %s", sides[i].name, asked[i], asked[1])
		}
	}
	return sides, func() error { return nil }, nil
}

// plainRequest builds a request by hand: it concatenates the URL and lets net/http parse it.
func plainRequest(name string) func() (*http.Request, error) {
	get := func(address func() string) func() (*http.Request, error) {
		return func() (*http.Request, error) {
			return http.NewRequestWithContext(context.Background(), http.MethodGet, address(), nil)
		}
	}
	post := func(address func() string) func() (*http.Request, error) {
		return func() (*http.Request, error) {
			return http.NewRequestWithContext(context.Background(), http.MethodPost, address(), nil)
		}
	}
	partition := func(call string) string {
		return gateway + "/Faults/Services/" + url.PathEscape(serviceID) + "/$/GetPartitions/" + partitionID.String() + "/$/" + call + common()
	}
	node := func(call string) string {
		return gateway + "/Faults/Nodes/" + url.PathEscape(nodeName) + "/$/" + call + common()
	}
	p := plain{base: gateway}
	switch name {
	case "CancelOperation":
		return post(func() string { return p.cancelURL(operationID) })
	case "GetFaultOperationList":
		return get(p.listURL)
	case "StartDataLoss":
		return post(func() string { return partition("StartDataLoss") + "&DataLossMode=PartialDataLoss" })
	case "GetDataLossProgress":
		return get(func() string { return partition("GetDataLossProgress") })
	case "StartQuorumLoss":
		return post(func() string {
			return partition("StartQuorumLoss") + "&QuorumLossMode=AllReplicas&QuorumLossDuration=" + strconv.Itoa(duration)
		})
	case "GetQuorumLossProgress":
		return get(func() string { return partition("GetQuorumLossProgress") })
	case "StartPartitionRestart":
		return post(func() string { return partition("StartRestart") + "&RestartPartitionMode=OnlyActiveSecondaries" })
	case "GetPartitionRestartProgress":
		return get(func() string { return partition("GetRestartProgress") })
	case "StartNodeTransition":
		return post(func() string {
			return node("StartTransition/") + "&NodeTransitionType=Stop&NodeInstanceId=" + nodeInstance +
				"&StopDurationInSeconds=" + strconv.Itoa(duration)
		})
	case "GetNodeTransitionProgress":
		return get(func() string { return node("GetTransitionProgress") })
	}
	return nil
}

// common returns the part of the query that all starts and progress calls share.
func common() string {
	return "?api-version=6.0&OperationId=" + operationID.String() + "&timeout=" + strconv.Itoa(seconds)
}
