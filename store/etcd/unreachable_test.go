package etcd_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
)

func write(key, value string) store.Txn {
	return store.Txn{Then: []store.Write{{Key: key, Value: []byte(value)}}}
}

// soon fails the test if call takes longer than the timeouts that it was given, with
// room for a busy machine.
func soon(t *testing.T, what string, within time.Duration, call func() error) error {
	t.Helper()
	begin := time.Now()
	err := call()
	if took := time.Since(begin); took > within+5*time.Second {
		t.Errorf("%s took %v, want %v at most", what, took, within)
	}
	return err
}

// calls are in an order: reads first. Only once they have failed is it known that no
// connection is left on which a commit could still be sent into the void.
func calls(ctx context.Context, s store.Store) iter.Seq2[string, func() error] {
	return func(yield func(string, func() error) bool) {
		_ = yield("Get", func() error { _, err := s.Get(ctx, "a"); return err }) &&
			yield("List", func() error { _, err := s.List(ctx, "", "", 1); return err }) &&
			yield("Commit", func() error { _, err := s.Commit(ctx, write("a", "2")); return err })
	}
}

// begin commits for the first time. A hasty store on a busy machine may need several
// attempts, which are not what is tested.
func begin(t *testing.T, s store.Store) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		_, err := s.Commit(t.Context(), write("a", "1"))
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestNoConnection(t *testing.T) {
	t.Parallel()
	cluster, open := roughly(t)
	s := open(cluster.Proxied(), hasty()...)
	begin(t, s)
	for i := range 3 {
		cluster.Cut(i)
	}
	for name, call := range calls(t.Context(), s) {
		err := soon(t, name, time.Second, call)
		if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want ErrUnavailable and no error of a context", name, err)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for name, call := range calls(short, s) {
		err := soon(t, name, 50*time.Millisecond, call)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want DeadlineExceeded", name, err)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	for name, call := range calls(cancelled, s) {
		if err := soon(t, name, 50*time.Millisecond, call); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want Canceled", name, err)
		}
	}
	for i := range 3 {
		cluster.Resume(i)
	}
	if item, err := s.Get(t.Context(), "a"); err != nil || string(item.Value) != "1" {
		t.Errorf("Get = %q, %v once the connections are back", item.Value, err)
	}
	if _, err := s.Commit(t.Context(), write("a", "3")); err != nil {
		t.Errorf("Commit once the connections are back: %v", err)
	}
}

func TestNoMajority(t *testing.T) {
	t.Parallel()
	cluster, open := roughly(t)
	s, witness := open(cluster.Proxied(), hasty()...), open(cluster.Endpoints())
	begin(t, s)
	from := now(t, witness)
	leader := cluster.Leader()
	other := (leader + 1) % 3
	cluster.Stop(leader)
	cluster.Stop(other)
	wrote := make(map[string]error)
	for i := range 3 {
		value := fmt.Sprint("without majority ", i)
		wrote[value] = soon(t, "Commit", 1500*time.Millisecond, func() error {
			_, err := s.Commit(t.Context(), write("a", value))
			return err
		})
		if err := wrote[value]; !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrOutcomeUnknown) {
			t.Errorf("Commit: %v, want ErrUnavailable or ErrOutcomeUnknown", err)
		}
	}
	// By now the member that is left knows that it has no leader, and nothing is sent.
	if err := wrote["without majority 2"]; !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("the last Commit: %v, want ErrUnavailable", err)
	}
	for name, call := range calls(t.Context(), s) {
		// It asks for a member with a leader, or would wait for one that may never come.
		err := soon(t, name, 1500*time.Millisecond, call)
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "no leader") {
			t.Errorf("%s: %v, want ErrUnavailable for want of a leader", name, err)
		}
	}
	cluster.Restart(leader, other)
	if _, err := s.Commit(t.Context(), write("a", "again")); err != nil {
		t.Errorf("Commit once there is a majority: %v", err)
	}
	for _, change := range history(t, witness, from) {
		value := string(change.Writes[0].Value)
		if err := wrote[value]; errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%q has happened, but Commit returned %v", value, err)
		}
	}
}

// A transaction is sent, and then nobody answers any more, for longer than anybody
// waits. It may happen when the connections come back to life; only nobody may have
// been told that it did not, and what the store commits then is not disturbed.
func TestSilence(t *testing.T) {
	t.Parallel()
	cluster, open := roughly(t)
	s, witness := open(cluster.Proxied(), hasty()...), open(cluster.Endpoints())
	begin(t, s)
	from := now(t, witness)
	for i := range 3 {
		cluster.Pause(i)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
	defer cancel()
	err := soon(t, "Commit", 1500*time.Millisecond, func() error {
		_, err := s.Commit(ctx, write("a", "silent"))
		return err
	})
	if !errors.Is(err, store.ErrOutcomeUnknown) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Commit: %v, want ErrOutcomeUnknown and DeadlineExceeded", err)
	}
	err = soon(t, "Commit", 1500*time.Millisecond, func() error {
		_, err := s.Commit(t.Context(), write("a", "also silent"))
		return err
	})
	// The slot of the first one is not used again, and making another one fails.
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Commit: %v, want ErrUnavailable", err)
	}
	for name, call := range calls(t.Context(), s) {
		if name != "Commit" {
			if err := soon(t, name, time.Second, call); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%s: %v, want ErrUnavailable", name, err)
			}
		}
	}
	for i := range 3 {
		cluster.Resume(i)
	}
	for i := range 20 {
		if _, err := s.Commit(t.Context(), write("a", fmt.Sprint(i))); err != nil {
			t.Errorf("Commit number %d: %v", i, err)
		}
	}
	seen := make(map[string]int)
	for _, change := range history(t, witness, from) {
		seen[string(change.Writes[0].Value)]++
	}
	if seen["also silent"] > 0 || seen["silent"] > 1 {
		t.Errorf("history is %v", seen)
	}
	for i := range 20 {
		if n := seen[fmt.Sprint(i)]; n != 1 {
			t.Errorf("value %d was written %d times", i, n)
		}
	}
}

// The context of a Commit ends while its request is on the way.
func TestContextEndsOnTheWay(t *testing.T) {
	t.Parallel()
	cluster, open := roughly(t)
	s, witness := open(cluster.Proxied()[:1]), open(cluster.Endpoints())
	if _, err := s.Commit(t.Context(), write("a", "1")); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		cluster.Pause(0)
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(10*time.Millisecond, func() {
			cancel()
			cluster.Resume(0)
		})
		revision, err := s.Commit(ctx, write("a", fmt.Sprint(i)))
		item, found := witness.Get(t.Context(), "a")
		if found != nil {
			t.Fatal(found)
		}
		switch landed := string(item.Value) == fmt.Sprint(i); {
		case err == nil && (!landed || item.Revision != revision):
			t.Errorf("Commit = %d, but there is %q at %d", revision, item.Value, item.Revision)
		case err != nil && (landed || !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrOutcomeUnknown)):
			t.Errorf("Commit: %v, but there is %q", err, item.Value)
		}
		timer.Stop()
		cancel()
	}
}

// The answer of a transaction is lost, and those of the fences that follow.
func TestAnswersOfFencesAreLost(t *testing.T) {
	t.Parallel()
	for lost := range 6 {
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			cluster, open := roughly(t)
			s, witness := open(cluster.Proxied()[:1]), open(cluster.Endpoints())
			if _, err := s.Commit(t.Context(), write("a", "1")); err != nil {
				t.Fatal(err)
			}
			from := now(t, witness)
			cluster.DropAnswers(0, lost)
			revision, err := s.Commit(t.Context(), write("a", "2"))
			if err != nil {
				t.Fatal(err)
			}
			changes := history(t, witness, from)
			if len(changes) != 1 || changes[0].Revision != revision {
				t.Errorf("history is %v, want revision %d alone", changes, revision)
			}
			if !cluster.Dropped(0) {
				t.Error("not all answers were lost")
			}
		})
	}
}

func TestStoresOfOneClusterGoOnWithoutAMember(t *testing.T) {
	t.Parallel()
	cluster, open := roughly(t)
	for _, c := range []struct {
		name   string
		member func() int
	}{
		{"leader", cluster.Leader},
		{"follower", func() int { return (cluster.Leader() + 1) % 3 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(cluster.Proxied(), etcd.WithRequestTimeout(5*time.Second))
			member := c.member()
			cluster.Stop(member)
			defer cluster.Restart(member)
			for name, call := range calls(t.Context(), s) {
				if err := call(); err != nil && !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}
