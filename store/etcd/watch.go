package etcd

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/store"
)

// watchPatience is how long a consumer may be behind before its watch is canceled;
// a new one begins when the consumer asks for more. Until then etcd's client buffers
// everything the members send, without a limit.
const watchPatience = time.Second

// Watch implements [store.Store].
func (s *Store) Watch(ctx context.Context, prefix string, after store.Revision) iter.Seq2[store.Change, error] {
	return func(yield func(store.Change, error) bool) {
		err := s.watch(ctx, prefix, after, yield)
		if err != nil {
			yield(store.Change{}, fmt.Errorf("etcd: watch %.64q in %q: %w", prefix, s.prefix, err))
		}
	}
}

// watch returns nil if yield has returned false.
func (s *Store) watch(ctx context.Context, prefix string, after store.Revision, yield func(store.Change, error) bool) error {
	if after < 0 {
		return fmt.Errorf("%w: revision %d", store.ErrInvalid, after)
	}
	w := watch{Store: s, prefix: prefix, last: after, yield: yield}
	for attempt := 0; ; attempt++ {
		before := w.last
		done, err := w.once(ctx)
		switch {
		case done:
			return nil
		case s.life.Err() != nil:
			return store.ErrClosed
		case ctx.Err() != nil:
			return ctx.Err()
		case isOneOf(err, []error{rpctypes.ErrCompacted}):
			return fmt.Errorf("%w: after %d, %w", store.ErrCompacted, w.last, err)
		case isRefusal(err):
			return err
		}
		if w.last > before {
			attempt = 0
		}
		pause(ctx, attempt)
	}
}

// watch is one use of the iterator.
type watch struct {
	*Store
	prefix string
	last   store.Revision // of the last change yielded; initially the argument after
	yield  func(store.Change, error) bool
}

// once watches from the last revision on until the connection breaks or the watch ends.
// done means that yield has returned false.
func (w *watch) once(ctx context.Context) (done bool, err error) {
	watching, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	stop := context.AfterFunc(w.life, cancel)
	defer stop()
	if w.last == math.MaxInt64 {
		<-watching.Done()
		return false, watching.Err()
	}
	// A separate watcher: its Close waits for its own goroutines, and it is unaffected
	// by failures of other watchers, such as an expired token.
	watcher := clientv3.NewWatcher(w.client)
	defer watcher.Close()
	answers := watcher.Watch(watching, w.itemKey(w.prefix), clientv3.WithPrefix(), clientv3.WithRev(int64(w.last)+1))
	// The timer runs from the beginning, because the first answer may be there already.
	hurry := time.AfterFunc(watchPatience, cancel)
	defer hurry.Stop()
	for {
		answer, ok := w.next(watching, answers, hurry)
		if !ok {
			return false, watching.Err()
		}
		if err := answer.Err(); err != nil {
			return false, reason(err)
		}
		if done := w.yieldAll(ctx, answer.Events); done {
			return true, nil
		}
	}
}

// next waits for an answer. The timer hurry runs while the caller is behind: it is stopped
// when no answer is pending, and restarted by the next one.
func (w *watch) next(ctx context.Context, answers clientv3.WatchChan, hurry *time.Timer) (clientv3.WatchResponse, bool) {
	select {
	case answer, ok := <-answers:
		return answer, ok
	default:
	}
	hurry.Stop()
	select {
	case answer, ok := <-answers:
		hurry.Reset(watchPatience)
		return answer, ok
	case <-ctx.Done():
		return clientv3.WatchResponse{}, false
	}
}

// yieldAll yields the changes of one answer. The answer may have several revisions, but
// each is complete: the store does not ask for fragments (clientv3.WithFragment), and
// members split only between revisions (eventBatch in server/storage/mvcc/watcher_group.go).
func (w *watch) yieldAll(ctx context.Context, events []*clientv3.Event) (done bool) {
	for len(events) > 0 {
		revision := store.Revision(events[0].Kv.ModRevision)
		n := slices.IndexFunc(events, func(e *clientv3.Event) bool { return store.Revision(e.Kv.ModRevision) != revision })
		if n < 0 {
			n = len(events)
		}
		change := store.Change{Revision: revision, Writes: w.writes(events[:n])}
		events = events[n:]
		if revision <= w.last {
			continue
		}
		if w.life.Err() != nil || ctx.Err() != nil {
			return false
		}
		w.last = revision
		if !w.yield(change, nil) {
			return true
		}
	}
	return false
}

func (w *watch) writes(events []*clientv3.Event) []store.Write {
	writes := make([]store.Write, 0, len(events))
	for _, event := range events {
		item := w.item(event.Kv)
		writes = append(writes, store.Write{Key: item.Key, Value: item.Value, Delete: event.Type == mvccpb.Event_DELETE})
	}
	slices.SortFunc(writes, func(a, b store.Write) int { return strings.Compare(a.Key, b.Key) })
	return writes
}

// reason returns the error with which a member ended a watch. It is in the text of a
// gRPC status, which etcd's client does not parse.
func reason(err error) error {
	if _, text, ok := strings.Cut(err.Error(), " desc = "); ok {
		return rpctypes.Error(errors.New(text))
	}
	return err
}
