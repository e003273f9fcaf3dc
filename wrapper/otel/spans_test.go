package otel_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// Calls, what goes wrong with them, and their spans.
func TestSpans(t *testing.T) {
	t.Parallel()
	force := wrapper.ForceOptions{Policy: wrapper.ServerDecides{}}
	cases := []struct {
		name   string
		script func(c *sftest.Cluster)
		call   func(ctx context.Context, client *wrapper.Client, id uuid.UUID)
		want   string
	}{
		{
			name: "a graceful cancel",
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{})
			},
			want: `
			sfcancel.cancel Accepted resolved=false RollingBack attempts=1
			  POST /Faults/$/Cancel graceful done 200`,
		},
		{
			name: "a force that the policy refuses",
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.ForceCancel(ctx, id, wrapper.ForceOptions{})
			},
			want: `
			sfcancel.force_cancel force=true attempts=0 error=force_refused !`,
		},
		{
			name:   "a graceful cancel whose answer is lost",
			script: func(c *sftest.Cluster) { c.On(sftest.Graceful, sftest.DropAfter()) },
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{})
			},
			want: `
			sfcancel.cancel Accepted resolved=false RollingBack attempts=2
			  *sfcancel.pause ambiguous
			  POST /Faults/$/Cancel graceful ambiguous error=connection_lost !
			  POST /Faults/$/Cancel graceful done 200 resend=1`,
		},
		{
			name:   "a force whose answer is lost",
			script: func(c *sftest.Cluster) { c.On(sftest.Force, sftest.DropAfter()) },
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{})
				_, _ = client.ForceCancel(ctx, id, force)
			},
			want: `
			sfcancel.cancel Accepted resolved=false RollingBack attempts=1
			  POST /Faults/$/Cancel graceful done 200
			sfcancel.force_cancel Accepted resolved=true RollingBack force=true attempts=3
			  *sfcancel.pause ambiguous
			  POST /Faults/$/Cancel force ambiguous error=connection_lost !
			  GET /Faults/ read done 200 resend=1
			  POST /Faults/$/Cancel probe refused 400 FABRIC_E_INVALID_TEST_COMMAND_STATE resend=2 error=400 !`,
		},
		{
			name:   "an outcome that stays unknown",
			script: func(c *sftest.Cluster) { c.On(sftest.Any, sftest.Status(503, "E_ABORT")).Always() },
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{})
			},
			want: `
			sfcancel.cancel attempts=3 error=outcome_unknown !
			  *sfcancel.pause ambiguous 503
			  *sfcancel.pause ambiguous 503
			  POST /Faults/$/Cancel graceful ambiguous 503 E_ABORT error=503 !
			  POST /Faults/$/Cancel graceful ambiguous 503 E_ABORT resend=1 error=503 !
			  POST /Faults/$/Cancel graceful ambiguous 503 E_ABORT resend=2 error=503 !`,
		},
		{
			name:   "an answer that is cut off",
			script: func(c *sftest.Cluster) { c.On(sftest.GetFaultOperationList, sftest.CutBody(1)) },
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.Operation(ctx, id)
			},
			want: `
			sfcancel.read_operation Running attempts=2
			  *sfcancel.pause ambiguous 200
			  GET /Faults/ read ambiguous 200 error=connection_lost !
			  GET /Faults/ read done 200 resend=1`,
		},
		{
			name:   "a cluster that cannot be reached",
			script: func(c *sftest.Cluster) { c.SetReachable(false) },
			call: func(ctx context.Context, client *wrapper.Client, _ uuid.UUID) {
				_, _ = client.Operations(ctx)
			},
			want: `
			sfcancel.list_operations attempts=3 error=not_sent !
			  *sfcancel.pause not_sent
			  *sfcancel.pause not_sent
			  GET /Faults/ read not_sent error=connection_failed !
			  GET /Faults/ read not_sent resend=1 error=connection_failed !
			  GET /Faults/ read not_sent resend=2 error=connection_failed !`,
		},
		{
			name:   "a redirect",
			script: func(c *sftest.Cluster) { c.On(sftest.Any, sftest.Answer{Status: 302}.Before()) },
			call: func(ctx context.Context, client *wrapper.Client, _ uuid.UUID) {
				_, _ = client.Operations(ctx)
			},
			want: `
			sfcancel.list_operations attempts=1 error=server_refused !
			  GET /Faults/ read refused 302 error=bad_answer !`,
		},
		{
			name: "codes of the runtime, and of nobody",
			script: func(c *sftest.Cluster) {
				c.On(sftest.Any, sftest.Status(503, "FABRIC_E_REPLICATION_QUEUE_FULL"))
				c.On(sftest.Any, sftest.Status(503, "FABRIC_E_SECRET"))
				c.On(sftest.Any, sftest.Status(500, "FMFailoverUnitNotFound"))
			},
			call: func(ctx context.Context, client *wrapper.Client, _ uuid.UUID) {
				_, _ = client.Operations(ctx)
			},
			want: `
			sfcancel.list_operations attempts=3 error=server_refused !
			  *sfcancel.pause ambiguous 503
			  *sfcancel.pause ambiguous 503
			  GET /Faults/ read ambiguous 503 FABRIC_E_REPLICATION_QUEUE_FULL error=503 !
			  GET /Faults/ read ambiguous 503 _OTHER resend=1 error=503 !
			  GET /Faults/ read refused 500 FMFailoverUnitNotFound resend=2 error=500 !`,
		},
		{
			name: "an operation that is not there",
			call: func(ctx context.Context, client *wrapper.Client, _ uuid.UUID) {
				_, _ = client.Operation(ctx, uuid.UUID{9})
				_, _ = client.Cancel(ctx, uuid.UUID{9}, wrapper.CancelOptions{})
			},
			want: `
			sfcancel.read_operation NotFound resolved=false attempts=1
			  GET /Faults/ read done 200
			sfcancel.cancel NotFound resolved=true attempts=2
			  POST /Faults/$/Cancel graceful refused 404 FABRIC_E_KEY_NOT_FOUND error=404 !
			  GET /Faults/ read done 200 resend=1`,
		},
		{
			name: "the starts",
			call: func(ctx context.Context, client *wrapper.Client, _ uuid.UUID) {
				p := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.UUID{7}}
				_, _ = client.StartDataLoss(ctx, p, "PartialDataLoss", wrapper.StartOptions{})
				_, _ = client.StartDataLoss(ctx, p, "PartialDataLoss", wrapper.StartOptions{APIVersion: generated.APIVersion30})
				_, _ = client.StartQuorumLoss(ctx, p, "AllReplicas", time.Minute, wrapper.StartOptions{})
				_, _ = client.StartPartitionRestart(ctx, p, "OnlyActiveSecondaries", wrapper.StartOptions{})
				_, _ = client.StartNodeTransition(ctx, wrapper.Node{Name: "n/1", Instance: 1}, "Stop", time.Hour, wrapper.StartOptions{})
			},
			want: `
			sfcancel.start_data_loss Accepted resolved=false Running attempts=1
			  POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss start done 202
			sfcancel.start_data_loss Accepted resolved=false Running attempts=1
			  POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss start done 202
			sfcancel.start_quorum_loss Accepted resolved=false Running attempts=1
			  POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss start done 202
			sfcancel.start_partition_restart Accepted resolved=false Running attempts=1
			  POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart start done 202
			sfcancel.start_node_transition Accepted resolved=false Running attempts=1
			  POST /Faults/Nodes/{nodeName}/$/StartTransition/ start done 202`,
		},
		{
			name: "another endpoint after one that fails",
			script: func(c *sftest.Cluster) {
				c.On(sftest.Graceful, sftest.Status(503, "FABRIC_E_GATEWAY_NOT_REACHABLE"))
			},
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{})
			},
			want: `
			sfcancel.cancel Accepted resolved=false RollingBack attempts=3
			  *sfcancel.failover cluster.test:19080 second.test:19080
			  *sfcancel.pause ambiguous 503
			  POST /Faults/$/Cancel graceful ambiguous 503 FABRIC_E_GATEWAY_NOT_REACHABLE error=503 !
			  GET /two/Faults/ read done 200 resend=1
			  POST /two/Faults/$/Cancel graceful done 200 resend=2`,
		},
		{
			name: "a watch that is left",
			call: func(ctx context.Context, client *wrapper.Client, id uuid.UUID) {
				for _, err := range client.Watch(ctx, id, wrapper.WaitOptions{}) {
					_ = err
					break
				}
			},
			want: `
			sfcancel.watch Running attempts=1
			  GET /Faults/ read done 200`,
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, m := sftest.NewCluster(t), newTelemetry(t)
			id := c.Put(emulator.Record{})
			if tc.script != nil {
				tc.script(c)
			}
			options := []wrapper.Option{fastWith(3), m.instrument()}
			if tc.name == "another endpoint after one that fails" {
				options = append(options, wrapper.WithEndpoints("http://second.test:19080/two"), wrapper.WithAttemptMiddleware(withoutPrefix("/two")))
			}
			tc.call(t.Context(), c.Client(options...), id)
			m.wantTree(tc.want)
		})
	}
}

// A stop of an operation that a graceful cancel does not end: looks count as attempts,
// and the force that came to be needed shows.
func TestStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, m := sftest.NewCluster(t, sftest.WithClock(time.Now)), newTelemetry(t)
		id := c.Put(emulator.Record{
			Step:     emulator.StepLookingUpState,
			Scenario: emulator.Scenario{LookUp: time.Second, UndoFails: emulator.Failure{Times: emulator.Always}},
		})
		client := c.Client(m.instrument())
		begin := time.Now()
		if _, err := client.Stop(t.Context(), id, wrapper.StopOptions{}); err != nil {
			t.Fatal(err)
		}
		took := time.Since(begin)
		s := m.named("sfcancel.stop")
		if d := s.EndTime().Sub(s.StartTime()); d != took {
			t.Errorf("the span took %v, want %v", d, took)
		}
		got := shortly(s.Attributes())
		if want := " Finished resolved=false ForceCancelled force=true attempts="; got[:min(len(want), len(got))] != want {
			t.Errorf("the span has%s", got)
		}
		if n := len(m.spans()) - 1; n != len(c.Requests()) {
			t.Errorf("there are spans of %d requests, want %d", n, len(c.Requests()))
		}
	})
}
