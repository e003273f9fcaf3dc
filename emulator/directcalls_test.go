package emulator_test

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// startOn starts an operation past the wire: a data loss, or a transition of _Node_0.
func startOn(ctx context.Context, e *emulator.Emulator, id uuid.UUID, transition bool) error {
	if transition {
		_, err := e.StartNodeTransition(ctx, generated.StartNodeTransitionRequestObject{NodeName: "_Node_0", Params: generated.StartNodeTransitionParams{
			OperationID: id, NodeTransitionType: generated.NodeTransitionTypeStop, NodeInstanceID: "5", StopDurationInSeconds: 600}})
		return err
	}
	_, err := e.StartDataLoss(ctx, generated.StartDataLossRequestObject{ServiceID: "shop~orders", PartitionID: uuid.MustParse(aPartition),
		Params: generated.StartDataLossParams{OperationID: id, DataLossMode: generated.DataLossModeFullDataLoss}})
	return err
}

// progressOn is the state that a progress call shows.
func progressOn(ctx context.Context, e *emulator.Emulator, id uuid.UUID, transition bool) (string, error) {
	if transition {
		a, err := e.GetNodeTransitionProgress(ctx, generated.GetNodeTransitionProgressRequestObject{NodeName: "_Node_0", Params: generated.GetNodeTransitionProgressParams{OperationID: id}})
		shown, _ := a.(generated.GetNodeTransitionProgress200JSONResponse)
		return string(shown.State), err
	}
	a, err := e.GetDataLossProgress(ctx, generated.GetDataLossProgressRequestObject{Params: generated.GetDataLossProgressParams{OperationID: id}})
	shown, _ := a.(generated.GetDataLossProgress200JSONResponse)
	return string(shown.State), err
}

// codeOf is what a client sees of an error.
func codeOf(err error) string {
	if err == nil {
		return ""
	}
	var refusal *server.Error
	if errors.As(err, &refusal) {
		return string(refusal.Code)
	}
	return "E_FAIL: " + err.Error()
}
