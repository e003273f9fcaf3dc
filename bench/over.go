package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

// engine is the emulator behind the scaffold, on loopback, with a clock that stands still until later is changed.
type engine struct {
	*emulator.Emulator
	address string
	later   atomic.Int64 // how far the clock was moved, in nanoseconds
}

func newEngine(c *closers) (*engine, error) {
	e, begin := new(engine), time.Now()
	e.Emulator = emulator.New(memory.New(), emulator.WithSharedLists(), // as in sfcancel serve
		emulator.WithClock(func() time.Time { return begin.Add(time.Duration(e.later.Load())) }))
	edge, err := server.New(e.Emulator)
	if err != nil {
		return nil, err
	}
	e.address, err = serve(server.NewHTTPServer(edge, nil), c)
	return e, err
}

// service returns a service and a partition of the emulator's default cluster.
func service() (name string, partition uuid.UUID) {
	s := emulator.DefaultCluster().Services[0]
	return s.Name, s.Partitions[0]
}

// put stores n data losses that are in the given step.
func (e *engine) put(n int, step emulator.Step) ([]uuid.UUID, error) {
	var all []uuid.UUID
	name, partition := service()
	for range n {
		id := uuid.New()
		if err := e.Put(context.Background(), emulator.Record{
			ID: id, Kind: "PartitionDataLoss", Step: step, Rollback: emulator.NotRollingBack,
			Target: emulator.Target{ServiceName: name, PartitionID: partition, Mode: "PartialDataLoss"},
		}); err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	return all, nil
}

// openOver cancels operations that have ended, in a cluster with 9 000 operations. If known is set, the client has
// started them, so it knows their kind and target. By hand it takes a cancel and a progress call that shows how the operation ended.
func openOver(known bool) (_ []side, _ func() error, err error) {
	var c closers
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	const remembered, used = 9000, 256
	e, err := newEngine(&c)
	if err != nil {
		return nil, nil, err
	}
	ours, err := wrapper.New(e.address)
	if err != nil {
		return nil, nil, err
	}
	c.add(func() error { ours.Close(); return nil })
	ctx := context.Background()
	name, partition := service()
	put := remembered
	if known {
		put -= used
	}
	over, err := e.put(put, emulator.StepCompletedSuccessfully)
	if err != nil {
		return nil, nil, err
	}
	over = over[:used]
	if known {
		for i := range over {
			result, err := ours.StartDataLoss(ctx, wrapper.Partition{Service: name, ID: partition}, generated.DataLossModePartialDataLoss, wrapper.StartOptions{})
			if err != nil {
				return nil, nil, err
			}
			over[i] = result.OperationID
		}
		e.later.Store(int64(time.Hour))
		if err := e.Sweep(ctx); err != nil {
			return nil, nil, err
		}
	}
	next := 0
	id := func() uuid.UUID {
		next = (next + 1) % len(over)
		return over[next]
	}
	p := plain{e.address, dialer(nil, &c)}
	byHand := func() error {
		id := id()
		if err := missing(p.cancel(ctx, id)); err != nil {
			return err
		}
		var progress struct{ State string }
		err := p.call(ctx, http.MethodGet, p.dataLossURL(name[len("fabric:/"):], partition, id), &progress)
		if err == nil && progress.State != "Completed" {
			err = fmt.Errorf("got the state %q, want Completed", progress.State)
		}
		return err
	}
	return []side{
		once("ours", func() error { return finished(ours.Cancel(ctx, id(), wrapper.CancelOptions{})) }),
		once("plain", byHand),
	}, c.close, nil
}
