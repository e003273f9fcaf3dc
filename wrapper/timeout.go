package wrapper

import (
	"context"
	"fmt"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// answerMargin is what an answer may take at most beyond the time the server was given.
const answerMargin = 5 * time.Second

func checkTimeout(d time.Duration, v generated.APIVersion) error {
	switch {
	case d == 0:
		return nil
	case !knowsTimeout(v):
		return fmt.Errorf("api-version %s has no timeout: leave it out, or use 6.0", v)
	case d%time.Second != 0 || d < generated.TimeoutMinimum*time.Second || d/time.Second > generated.TimeoutMaximum:
		return fmt.Errorf("timeout %v: it must be whole seconds from %d to %d", d, generated.TimeoutMinimum, int64(generated.TimeoutMaximum))
	}
	return nil
}

// slowAnswer is how long a server may take that is slow but honest: with that much of the
// context left twice over, its answer gets through.
const slowAnswer = 12 * time.Second

// leastShare is what a request gets of a time that is short already, if it is there at all.
const leastShare = 500 * time.Millisecond

// share is how much of the time that is left to a call one request may take. It leaves enough
// for a list or a probe and one more try, so that an answer that is lost without a reset does
// not cost the call: half of what is left and more stays for another gateway, if there is one
// and this one has not answered in this call; otherwise two fifths, and what the request takes
// in addition are at most slowAnswer. The last request that Retry allows has all of it.
func share(left time.Duration, last, elsewhere bool) time.Duration {
	fifth := left / 5
	switch {
	case last:
		return left
	case elsewhere:
		return min(max(2*fifth, leastShare), left)
	default:
		return min(max(min(max(2*fifth, slowAnswer), 3*fifth), leastShare), left)
	}
}

// limit bounds the next request, its answer included.
func (k *call) limit(ctx context.Context, endpoint string) time.Duration {
	limit := orDefault(k.retry().AttemptTimeout, orDefault(k.timeout, generated.TimeoutDefault*time.Second)+answerMargin)
	if deadline, ok := ctx.Deadline(); ok {
		elsewhere := k.elsewhere() && !k.spent.answered(endpoint)
		limit = min(limit, share(time.Until(deadline), k.left() <= 1, elsewhere))
	}
	return limit
}

// serverTimeout is the timeout parameter of a request: what was asked for, or else the
// server's default, but never more than what the request may take less the time for the way
// of the answer, and a second at least. Nil sends none, which leaves the server its default.
func serverTimeout(limit, asked time.Duration, v generated.APIVersion) *int64 {
	seconds := int64((limit - min(answerMargin, limit/12)) / time.Second)
	switch {
	case asked == 0 && seconds >= generated.TimeoutDefault, !knowsTimeout(v):
		return nil
	case asked > 0:
		seconds = min(seconds, int64(asked/time.Second))
	}
	told := max(seconds, generated.TimeoutMinimum)
	return &told
}
