// Package bucket has a token bucket whose tokens can be promised.
package bucket

import (
	"sync"
	"time"
)

// Bucket is a token bucket that all calls of a client take from whenever they ask
// again. An empty bucket does not end a call: the call waits for its token. So many calls that
// fail together do not overload a cluster that is down, and each still finds out what happened.
type Bucket struct {
	mu     sync.Mutex
	tokens float64 // below zero: so many are promised to calls that wait
	filled time.Time
}

// Take takes a token of a bucket that holds burst, and is full at first, and says how long it is until it may be
// used; the longest at most.
func (b *Bucket) Take(burst, perSecond float64, longest time.Duration) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.filled.IsZero() {
		b.tokens = burst
	} else {
		b.tokens = min(b.tokens+now.Sub(b.filled).Seconds()*perSecond, burst)
	}
	b.filled = now
	b.tokens--
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(min(-b.tokens/perSecond, longest.Seconds()) * float64(time.Second))
}

// GiveBack returns a token that was not used.
func (b *Bucket) GiveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens++
}
