package main

import (
	"context"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// causes caches the progress of operations that are over. An entry is valid while the state is the same.
type causes map[uuid.UUID]wrapper.Progress

// ask reads how operations ended, several at a time and within lookTime, and adds that to all. An operation that cannot
// be read stays without a cause, which is not an error: the user asked for the list.
func (told causes) ask(ctx context.Context, client *wrapper.Client, ops []wrapper.Operation, all map[uuid.UUID]knowledge, which func(wrapper.State) bool) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	var missing []wrapper.Operation
	for _, op := range ops {
		if told[op.ID].State != op.State {
			delete(told, op.ID) // the id was reused
			if which(op.State) {
				missing = append(missing, op)
			}
		}
	}
	var mu sync.Mutex
	var calls sync.WaitGroup
	slots := make(chan struct{}, concurrency)
	for _, op := range missing {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		calls.Go(func() {
			defer func() { <-slots }()
			p, err := client.Progress(ctx, op.ID, targetOf(op.Kind, all[op.ID].target))
			if err != nil || p.State != op.State {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			told[op.ID] = p
		})
	}
	calls.Wait()
	for _, op := range ops {
		if p, ok := told[op.ID]; ok {
			all[op.ID] = all[op.ID].ended(p)
		}
	}
}

// ended adds what the cluster reports about the end. In why, the cause comes before the request to end the operation.
func (k knowledge) ended(p wrapper.Progress) knowledge {
	k.cause = p.Cause
	if cause := p.Cause.String(); cause != "" {
		k.why = strings.TrimSuffix(cause+"; "+k.why, "; ")
	}
	if k.target == "" {
		k.target = strings.TrimSuffix(p.Target.String(), " "+uuid.Nil.String()) // of a partition that was not found
	}
	return k
}

// targetOf parses the name of a target in the ledger. If the name is empty or invalid, the target has the kind alone.
func targetOf(kind wrapper.Kind, name string) wrapper.Target {
	if name == "" {
		return wrapper.Target{Kind: kind}
	}
	if kind == wrapper.KindNodeTransition {
		return wrapper.Target{Kind: kind, Node: wrapper.Node{Name: name}}
	}
	service, partition, _ := strings.Cut(name, " ")
	id, err := uuid.Parse(partition)
	if err != nil {
		return wrapper.Target{Kind: kind}
	}
	return wrapper.Target{Kind: kind, Partition: wrapper.Partition{Service: service, ID: id}}
}

func isFaulted(s wrapper.State) bool { return s == wrapper.StateFaulted }
