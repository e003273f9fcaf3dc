// Package bucket implements a token bucket whose tokens can be reserved in advance.
package bucket

import (
	"sync"
	"time"
)

// Bucket is a token bucket for the retries of all calls of a client. If it is empty, further calls wait until
// a token is free. So many calls that fail together do not overload a cluster that is down, and each
// still finds out what happened. The zero value is a full bucket.
type Bucket struct {
	mu     sync.Mutex
	tokens float64 // negative: the number of tokens reserved by waiting calls
	filled time.Time
}

// Take takes a token. It returns how long to wait before using it, at most longest. The bucket holds burst tokens and
// gains perSecond.
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

// GiveBack puts back a token that was not used.
func (b *Bucket) GiveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tokens++
}
