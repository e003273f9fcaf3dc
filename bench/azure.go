package main

import (
	"context"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/services/servicefabric/7.2/servicefabric"
	"github.com/Azure/go-autorest/autorest"
	"github.com/google/uuid"
	satori "github.com/satori/go.uuid"
)

// azureRequest builds a request with the preparers of the Azure client.
func azureRequest(name string) func() (*http.Request, error) {
	c := servicefabric.NewWithBaseURI(gateway)
	ctx, timeout := context.Background(), int64(seconds)
	operation, partition := satori.UUID(operationID), satori.UUID(partitionID)
	switch name {
	case "CancelOperation":
		return func() (*http.Request, error) { return c.CancelOperationPreparer(ctx, operation, false, &timeout) }
	case "GetFaultOperationList":
		return func() (*http.Request, error) {
			return c.GetFaultOperationListPreparer(ctx, filterAll, filterAll, &timeout)
		}
	case "StartDataLoss":
		return func() (*http.Request, error) {
			return c.StartDataLossPreparer(ctx, serviceID, partition, operation, servicefabric.DataLossModePartialDataLoss, &timeout)
		}
	case "GetDataLossProgress":
		return func() (*http.Request, error) {
			return c.GetDataLossProgressPreparer(ctx, serviceID, partition, operation, &timeout)
		}
	case "StartQuorumLoss":
		return func() (*http.Request, error) {
			return c.StartQuorumLossPreparer(ctx, serviceID, partition, operation, servicefabric.QuorumLossModeAllReplicas, duration, &timeout)
		}
	case "GetQuorumLossProgress":
		return func() (*http.Request, error) {
			return c.GetQuorumLossProgressPreparer(ctx, serviceID, partition, operation, &timeout)
		}
	case "StartPartitionRestart":
		return func() (*http.Request, error) {
			return c.StartPartitionRestartPreparer(ctx, serviceID, partition, operation, servicefabric.RestartPartitionModeOnlyActiveSecondaries, &timeout)
		}
	case "GetPartitionRestartProgress":
		return func() (*http.Request, error) {
			return c.GetPartitionRestartProgressPreparer(ctx, serviceID, partition, operation, &timeout)
		}
	case "StartNodeTransition":
		return func() (*http.Request, error) {
			return c.StartNodeTransitionPreparer(ctx, nodeName, operation, servicefabric.NodeTransitionTypeStop, nodeInstance, duration, &timeout)
		}
	case "GetNodeTransitionProgress":
		return func() (*http.Request, error) {
			return c.GetNodeTransitionProgressPreparer(ctx, nodeName, operation, &timeout)
		}
	}
	return nil
}

// azureCancel returns a cancel by the Azure client, without its three retries after a 5xx.
func azureCancel(base string, h *http.Client) func(ctx context.Context, id uuid.UUID) error {
	c := servicefabric.NewWithBaseURI(base)
	c.Sender = autorest.Sender(h)
	c.RetryAttempts = 0
	timeout := int64(seconds)
	return func(ctx context.Context, id uuid.UUID) error {
		_, err := c.CancelOperation(ctx, satori.UUID(id), false, &timeout)
		return err
	}
}
