package main

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

// remembered is how many operations a [wrapper.Client] remembers.
const remembered = 10_000

// notes holds the operations that were cancelled last.
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

// mindful is a duty that also remembers its calls, which is needed to decide whether a force is
// allowed, and whether an operation was already stopping.
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

// withMemory is the attainable limit of a goal whose base remembers nothing.
func withMemory(limit float64) attainable {
	return attainable{base: "duty with memory", limit: limit, why: "the base remembers nothing. " +
		"The attainable base is a handwritten client that remembers the last 10 000 operations in a map and a ring; the ratio to it is measured in the same rounds. " +
		"The map does not fit into the caches of a core, and each call reads it twice and writes it once."}
}
