package emulator

import (
	"container/heap"
	"sync"
	"time"

	"github.com/google/uuid"
)

// schedule says which operation moves next, and when, in the engine's time. Safe for
// concurrent use. Use newSchedule.
type schedule struct {
	mu     sync.Mutex
	queue  queue
	byID   map[uuid.UUID]*planned
	failed []uuid.UUID   // taken, and in vain
	sooner chan struct{} // hears that the first moment has become an earlier one
}

type planned struct {
	id uuid.UUID
	at time.Time
	i  int // where it is in the queue
}

func newSchedule() *schedule {
	return &schedule{byID: make(map[uuid.UUID]*planned), sooner: make(chan struct{}, 1)}
}

// set says when an operation moves. It takes the place of what was said before.
func (s *schedule) set(id uuid.UUID, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.byID[id]; p != nil {
		p.at = at
		heap.Fix(&s.queue, p.i)
	} else {
		p = &planned{id: id, at: at}
		s.byID[id] = p
		heap.Push(&s.queue, p)
	}
	if s.queue[0].id == id {
		select {
		case s.sooner <- struct{}{}:
		default:
		}
	}
}

// remove says that an operation moves no more.
func (s *schedule) remove(id uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.byID[id]; p != nil {
		delete(s.byID, id)
		heap.Remove(&s.queue, p.i)
	}
}

// take removes and returns an operation that moves now or should have before.
func (s *schedule) take(now time.Time) (uuid.UUID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 || s.queue[0].at.After(now) {
		return uuid.UUID{}, false
	}
	id := heap.Pop(&s.queue).(*planned).id
	delete(s.byID, id)
	return id, true
}

// postpone puts an operation aside that was taken in vain.
func (s *schedule) postpone(id uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, id)
}

// resume has what was put aside taken again.
func (s *schedule) resume(now time.Time) {
	s.mu.Lock()
	failed := s.failed
	s.failed = nil
	s.mu.Unlock()
	for _, id := range failed {
		s.set(id, now)
	}
}

// wait is how long it is until the next one moves, at most as long as that.
func (s *schedule) wait(now time.Time, most time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return most
	}
	return max(min(s.queue[0].at.Sub(now), most), 0)
}

// queue is a heap of what is planned, the earliest first.
type queue []*planned

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].i, q[j].i = i, j
}

// Push implements [heap.Interface].
func (q *queue) Push(p any) {
	last := p.(*planned)
	last.i = len(*q)
	*q = append(*q, last)
}

// Pop implements [heap.Interface].
func (q *queue) Pop() any {
	n := len(*q) - 1
	last := (*q)[n]
	(*q)[n] = nil
	*q = (*q)[:n]
	return last
}
