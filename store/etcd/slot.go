package etcd

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/store"
)

// maxSlots is how many transactions of one Store can be in progress at once. Further ones
// wait until a slot is free.
const maxSlots = 128

// The kinds of the last write to a slot. The slot's value also has the time, for sweep.
const (
	slotMade   = "made"
	slotTxn    = "txn"
	slotFenced = "fence"
)

// slots are those of one Store.
type slots struct {
	turn chan struct{} // holds a value for each slot in use

	mu   sync.Mutex
	free []slot // LIFO: the most recently used slot is reused first
	made int    // number of names used
}

// slot is an etcd key that one transaction at a time owns. Others never write to
// it, but sweep may delete it.
type slot struct {
	key string
	// revision is the ModRevision of key, or 0 if the slot has to be created first.
	revision int64
}

func slotValue(kind string) string {
	return kind + " " + strconv.FormatInt(time.Now().Unix(), 10)
}

// slotState parses a value made by slotValue.
func slotState(value []byte) (kind string, written time.Time, ok bool) {
	kind, seconds, _ := strings.Cut(string(value), " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	return kind, time.Unix(unix, 0), err == nil
}

// takeSlot waits for a slot until ctx ends or the store is closed. The slot may be the zero slot.
func (s *Store) takeSlot(ctx context.Context) (slot, error) {
	select {
	case s.slots.turn <- struct{}{}:
	case <-s.life.Done():
		return slot{}, store.ErrClosed
	case <-ctx.Done():
		return slot{}, unavailable(ctx, nil)
	}
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	n := len(s.slots.free)
	if n == 0 {
		return slot{}, nil
	}
	taken := s.slots.free[n-1]
	s.slots.free = s.slots.free[:n-1]
	return taken, nil
}

// putSlot releases a slot. It does not keep a zero slot.
func (s *Store) putSlot(used slot) {
	if used != (slot{}) {
		s.slots.mu.Lock()
		s.slots.free = append(s.slots.free, used)
		s.slots.mu.Unlock()
	}
	<-s.slots.turn
}

// makeSlot creates a slot with a new name. If the answer is lost, the name is not reused:
// the put may still be executed, and would change the revision of a slot in use.
func (s *Store) makeSlot(ctx context.Context) (slot, error) {
	s.slots.mu.Lock()
	s.slots.made++
	key := s.slotPrefix() + strconv.Itoa(s.slots.made)
	s.slots.mu.Unlock()
	ctx, cancel := s.attempt(ctx)
	defer cancel()
	answer, err := s.client.Put(ctx, key, slotValue(slotMade))
	if err != nil {
		return slot{}, fmt.Errorf("make a slot: %w", err)
	}
	return slot{key, answer.Header.Revision}, nil
}

func (s *Store) slotPrefix() string { return s.prefix + slotKeys + s.id + "/" }

// deleteSlots deletes the slots on Close. If it fails, sweep deletes them later.
func (s *Store) deleteSlots() {
	if s.slots.made == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(clientv3.WithRequireLeader(context.Background()), closeWait)
	defer cancel()
	_, _ = s.client.Delete(ctx, s.slotPrefix(), clientv3.WithPrefix())
}
