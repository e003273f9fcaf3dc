package wrapper

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sfcancel/sfcancel/internal/gateways"
)

// session is what a call has spent, and where it goes on.
type session struct {
	attempts []Attempt         // of many looks only the last is kept
	round    int               // where in attempts the requests begin that MaxAttempts counts
	sent     int               // requests in all
	at       *gateways.Gateway // of the next request once it may be sent, else nil
	renewed  bool              // the credentials were renewed after a refusal, in this round
}

// errAttemptsSpent ends a call that has sent as many requests as Retry allows.
var errAttemptsSpent = errors.New("as many requests as the retry settings allow were sent")

// latest is the last attempt; the zero one before it.
func (s *session) latest() Attempt {
	if len(s.attempts) == 0 {
		return Attempt{}
	}
	return s.attempts[len(s.attempts)-1]
}

// left is how many requests the round may still send.
func (k *call) left() int { return k.retry().maxAttempts() - (len(k.spent.attempts) - k.spent.round) }

// begin begins a round: MaxAttempts counts from here.
func (s *session) begin() { s.round, s.renewed = len(s.attempts), false }

// answered reports whether an endpoint has answered a request of this call.
func (s *session) answered(endpoint string) bool {
	return slices.ContainsFunc(s.attempts, func(a Attempt) bool { return a.Endpoint == endpoint && a.Status != 0 })
}

// broken reports whether a connection of this call ended without an answer. What the pool
// holds is then as old as that, and may be as dead.
func (s *session) broken() bool {
	return slices.ContainsFunc(s.attempts, func(a Attempt) bool { return a.class == classAmbiguous && a.cut })
}

// failures counts the attempts at the end of the round that all have to be made again. What a
// server does not find, and lists all the same, is one.
func (s *session) failures() (n int) {
	last := s.latest()
	listed := last.class == classDone && last.purpose == purposeRead
	for _, a := range slices.Backward(s.attempts[s.round:]) {
		switch {
		case listed && a.refusedWith(codeKeyNotFound), !listed && retryable(a):
			n++
		case !listed:
			return n
		}
	}
	return n
}

// send makes one attempt and notes it. One that was refused for its credentials is
// made again at once with others, if there are others: a refusal has done nothing.
func (k *call) send(ctx context.Context, purpose purpose, wanted success, build builder) Attempt {
	a, used := k.try(ctx, purpose, wanted, build, "")
	if k.spent.renewed || !k.renew(a) || k.left() <= 0 {
		return a
	}
	k.spent.renewed = true
	a, _ = k.try(ctx, purpose, wanted, build, used)
	return a
}

// try sends once, with another token than the one that was refused.
func (k *call) try(ctx context.Context, purpose purpose, wanted success, build builder, refused string) (a Attempt, token string) {
	s := &k.spent
	if s.at == nil {
		s.at = k.pick()
	}
	f, at := newFlight(k, purpose, refused), s.at
	one := k.attempt(ctx, f, at.To, wanted, build)
	a, s.at = one[0], nil
	if s.sent++; s.attempts == nil {
		s.attempts = one
	} else {
		s.attempts = append(s.attempts, a)
	}
	k.tell(ctx, "request", a, 0, "")
	if left := k.c.endpoints.Report(at, !blames(a)); left {
		if to := k.c.endpoints.Pick(); to != at {
			k.tell(ctx, "failover", a, 0, to.Address)
		}
	}
	if f.left {
		return a, ""
	}
	return a, string(f.used)
}

// ready says whether the next request may be sent, and waits until then. There is
// nothing to wait for after an attempt that brought something.
func (k *call) ready(ctx context.Context) error {
	if err := ended(ctx); err != nil || k.spent.at != nil {
		return err
	}
	if k.left() <= 0 {
		return errAttemptsSpent
	}
	at := k.pick()
	if err := k.pause(ctx, at); err != nil {
		return err
	}
	k.spent.at = at
	return nil
}

// pause waits as long as the attempt before wants it, and the server.
func (k *call) pause(ctx context.Context, at *gateways.Gateway) error {
	last := k.spent.latest()
	made := k.spent.failures()
	if made == 0 {
		return sleep(ctx, max(time.Until(last.notBefore()), 0))
	}
	pause := k.retry().pause(ctx, made, last)
	if at.Address != last.Endpoint && last.RetryAfter == 0 && k.c.endpoints.Fresh(at) {
		pause = 0 // nobody has failed there
	}
	pause = max(pause, k.c.retry.token(&k.c.budget))
	if fits(ctx, pause) {
		k.tell(ctx, "pause", last, pause, "")
	}
	err := sleep(ctx, pause)
	if err != nil { // the token was not used
		k.c.budget.GiveBack()
	}
	return err
}

// notBefore is when the server wants to be asked again at the earliest.
func (a Attempt) notBefore() time.Time { return a.Start.Add(a.Duration + a.RetryAfter) }

// moved reports whether the next request would go to another endpoint than a write that
// was lost. Before anything is written there, the list is read there.
func (k *call) moved() bool {
	at, wroteAt := k.spent.at, k.known.wroteAt
	return wroteAt != "" && at != nil && at.Address != wroteAt && (k.known.once == lost || k.known.unsure)
}
