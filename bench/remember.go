package main

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

// remembered is how many operations a [wrapper.Client] remembers.
const remembered = 10_000

// notes has the operations that were cancelled last.
type notes struct {
	mu    sync.Mutex
	known map[uuid.UUID]time.Time
	order [remembered]uuid.UUID
	next  int // in order
}

func (m *notes) of(id uuid.UUID) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[id]
}

func (m *notes) note(id uuid.UUID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.known[id]; !ok {
		delete(m.known, m.order[m.next])
		m.order[m.next] = id
		m.next = (m.next + 1) % remembered
	}
	m.known[id] = time.Now()
}

// mindful is a duty that also remembers what it was asked, as nobody may leave out who has to tell whether a force is
// due, and whether an operation was stopping before.
type mindful struct {
	duty
	notes *notes
}

func remember(d duty) mindful { return mindful{d, &notes{known: make(map[uuid.UUID]time.Time)}} }

func (m mindful) cancel(ctx context.Context, id uuid.UUID) error {
	_ = m.notes.of(id)
	err := m.duty.cancel(ctx, id)
	if err == nil {
		m.notes.note(id)
	}
	return err
}

// withMemory is what can be had of a goal whose base remembers nothing.
func withMemory(limit float64) attainable {
	return attainable{base: "duty with memory", limit: limit, why: "the base remembers nothing. " +
		"A client that remembers the last 10 000 operations by hand, in a map and a ring, is what can be had; the ratio to it is measured in the same rounds. " +
		"The map does not fit into the near caches, and each call looks there twice and writes once."}
}
