package wrapper_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// A ledger that does not answer costs a graceful cancel some seconds, never the cancel.
func TestBugHangingLedger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, server.Documented)
		makeRunning(t, c)
		for _, limit := range []time.Duration{time.Minute, time.Second} { // with the second it was the whole call
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			got, err := directClient(t, c.handler, wrapper.WithLedger(hangingLedger{})).Cancel(ctx, opID, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Accepted {
				t.Errorf("within %v: got %s, %v; the wire saw %v", limit, got.Verdict, err, c.seen())
			}
			cancel()
		}
	})
}

type hangingLedger struct{}

func (hangingLedger) Append(ctx context.Context, _ wrapper.Entry) error {
	<-ctx.Done()
	return ctx.Err()
}

func (hangingLedger) Entries(ctx context.Context, _ uuid.UUID) ([]wrapper.Entry, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Looking at an operation again and again must not push the evidence of its graceful
// cancel out of the ledger: the grace would count from the first look.
func TestBugEvidencePushedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, server.Runtime)
		makeFailing(t, c)
		client := directClient(t, c.handler, wrapper.WithForcePolicy(wrapper.RequireGraceful{MinGrace: time.Hour}))
		look := func(times int) {
			for range times {
				_, err := client.Operation(t.Context(), opID)
				must(t, err)
				time.Sleep(time.Minute)
			}
		}
		look(40)
		_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		must(t, err)
		cancelled := time.Now()
		look(50)
		_, err = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		if err == nil {
			t.Fatalf("the force went out %v after the graceful cancel", time.Since(cancelled))
		}
		if r := refusal(t, err); !r.NotBefore.Equal(cancelled.Add(time.Hour)) {
			t.Errorf("allowed from %v, want %v", r.NotBefore, cancelled.Add(time.Hour))
		}
	})
}

// A MemoryLedger remembers the operations it heard of last.
func TestBugLedgerForgetsTheLatest(t *testing.T) {
	t.Parallel()
	var l wrapper.MemoryLedger
	ctx := t.Context()
	must(t, l.Append(ctx, wrapper.Entry{OperationID: opID}))
	for i := range 9_999 {
		must(t, l.Append(ctx, wrapper.Entry{OperationID: uuid.UUID{2, byte(i >> 8), byte(i)}}))
	}
	must(t, l.Append(ctx, wrapper.Entry{OperationID: opID, Action: "graceful", Verdict: wrapper.Accepted}))
	must(t, l.Append(ctx, wrapper.Entry{OperationID: uuid.UUID{3}}))
	if entries, _ := l.Entries(ctx, opID); len(entries) != 2 {
		t.Errorf("the operation heard of last but one has %d entries", len(entries))
	}
}
