package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/wrapper"
)

// openCancelAll lists and cancels many operations. The clock of the engine stands still, so that they stay RollingBack and can be
// cancelled again.
func openCancelAll() (_ []side, _ func() error, err error) {
	var c closers
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	const many, callers = 9900, 8
	e, err := newEngine(&c)
	if err != nil {
		return nil, nil, err
	}
	if _, err := e.put(many, emulator.StepLookingUpState); err != nil {
		return nil, nil, err
	}
	p, ctx := plain{e.address, dialer(nil, &c)}, context.Background()
	byHand := func(cancel func(context.Context, uuid.UUID) error) error {
		all, err := p.list(ctx)
		if err != nil {
			return err
		}
		if len(all) != many {
			return fmt.Errorf("got %d operations in the list, want %d", len(all), many)
		}
		var next atomic.Int64
		return atOnce("", callers, func() error {
			for {
				i := next.Add(1) - 1
				if i >= many {
					return nil
				}
				if err := cancel(ctx, all[i].OperationID); err != nil {
					return err
				}
			}
		}).many(callers)
	}
	return []side{
		once("ours", func() error {
			ours, err := wrapper.New(e.address) // a new client, which does not know the operations
			if err != nil {
				return err
			}
			defer ours.Close()
			n := 0
			for _, err := range ours.CancelAll(ctx, wrapper.Selector{}, wrapper.CancelAllOptions{Concurrency: callers}) {
				if err != nil {
					return err
				}
				n++
			}
			if n != many {
				return fmt.Errorf("got %d cancels, want %d", n, many)
			}
			return nil
		}),
		once("plain", func() error { return byHand(p.cancel) }),
		once("duty with memory", func() error { return byHand(remember(duty{p}).cancel) }),
	}, c.close, nil
}
