package emulator_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

// TestClientsResolveUnknownOutcomes: a client of this module finds out what became of a
// call whose outcome the store did not know, and has it happen once.
func TestClientsResolveUnknownOutcomes(t *testing.T) {
	for _, profile := range profiles {
		for name, fault := range map[string]uncertain{
			"it happened":     {err: store.ErrOutcomeUnknown, done: true},
			"it did not":      {err: store.ErrOutcomeUnknown},
			"it could not be": {err: store.ErrUnavailable},
		} {
			t.Run(profile.String()+"/"+name, func(t *testing.T) {
				t.Parallel()
				st := &uncertain{Store: memory.New(), err: fault.err, done: fault.done}
				defer st.Close()
				c := newCluster(t, profile, st)
				client, err := wrapper.New(c.url)
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				ctx, stop := context.WithTimeout(t.Context(), hang)
				defer stop()
				id := uuid.New()
				for _, call := range []struct {
					name string
					do   func() (wrapper.Result, error)
					flag emulator.Rollback
				}{
					{"start", func() (wrapper.Result, error) {
						return client.StartNodeTransition(ctx, wrapper.Node{Name: "_Node_0", Instance: 5}, generated.NodeTransitionTypeStop, 600*second, wrapper.StartOptions{OperationID: id})
					}, emulator.NotRollingBack},
					{"cancel", func() (wrapper.Result, error) { return client.Cancel(ctx, id, wrapper.CancelOptions{}) }, emulator.RollingBackDueToUserCancel},
					{"force", func() (wrapper.Result, error) {
						return client.ForceCancel(ctx, id, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
					}, emulator.RollingBackForce},
				} {
					st.times = 1
					if _, err := call.do(); err != nil {
						t.Errorf("%s: %v", call.name, err)
					}
					if r := c.record(id); r.Rollback != call.flag || st.times != 0 {
						t.Errorf("after the %s it is %s", call.name, r.Rollback)
					}
				}
			})
		}
	}
}
