package etcd_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
)

func write(key, value string) store.Txn {
	return store.Txn{Then: []store.Write{{Key: key, Value: []byte(value)}}}
}

// soon fails the test if call takes longer than within, plus a margin for a busy machine.
func soon(t *testing.T, what string, within time.Duration, call func() error) error {
	t.Helper()
	begin := time.Now()
	err := call()
	if took := time.Since(begin); took > within+hang {
		t.Errorf("%s took %v, want at most %v", what, took, within)
	}
	return err
}

// calls yields reads first. Only after they have failed is it certain that no
// connection is left on which a commit could still be sent without an answer.
func calls(ctx context.Context, s store.Store) iter.Seq2[string, func() error] {
	return func(yield func(string, func() error) bool) {
		_ = yield("Get", func() error { _, err := s.Get(ctx, "a"); return err }) &&
			yield("List", func() error { _, err := s.List(ctx, "", "", 1); return err }) &&
			yield("Commit", func() error { _, err := s.Commit(ctx, write("a", "2")); return err })
	}
}

// eventually repeats a call until it succeeds, because a store with hasty timeouts on a busy
// machine may need several attempts.
func eventually(t *testing.T, what string, call func() error) {
	t.Helper()
	for begin := time.Now(); ; {
		err := call()
		if err == nil {
			return
		}
		if time.Since(begin) > hang {
			t.Fatalf("%s: %v, want no error in %v", what, err, hang)
		}
	}
}

// commit returns a Commit for eventually.
func commit(t *testing.T, s store.Store, value string) func() error {
	return func() error { _, err := s.Commit(t.Context(), write("a", value)); return err }
}

func TestNoConnection(t *testing.T) {
	t.Parallel()
	cluster, open := roughly(t)
	s := open(cluster.Proxied(), hasty()...)
	eventually(t, "the first Commit", commit(t, s, "1"))
	for i := range 3 {
		cluster.Cut(i)
	}
	for name, call := range calls(t.Context(), s) {
		err := soon(t, name, time.Second, call)
		if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want ErrUnavailable without DeadlineExceeded", name, err)
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
	eventually(t, "Get once the connections are back", func() error {
		item, err := s.Get(t.Context(), "a")
		if err == nil && string(item.Value) != "1" {
			t.Errorf("Get = %q once the connections are back, want 1", item.Value)
		}
		return err
	})
	eventually(t, "Commit once the connections are back", commit(t, s, "3"))
}

func TestNoMajority(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for elections; make test runs it")
	}
	t.Parallel()
	cluster, open := roughly(t)
	s, witness := open(cluster.Proxied(), hasty()...), open(cluster.Endpoints())
	eventually(t, "the first Commit", commit(t, s, "1"))
	from := now(t, witness)
	leader := cluster.Leader()
	other := (leader + 1) % 3
	cluster.Stop(leader)
	cluster.Stop(other)
	restart := sync.OnceFunc(func() { cluster.Restart(leader, other) })
	defer restart() // other tests need the cluster
	wrote := make(map[string]error)
	attempts := 0
	for begin := time.Now(); ; attempts++ {
		value := fmt.Sprint("without majority ", attempts)
		err := soon(t, "Commit", 1500*time.Millisecond, commit(t, s, value))
		wrote[value] = err
		if !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrOutcomeUnknown) {
			t.Fatalf("Commit: %v, want ErrUnavailable or ErrOutcomeUnknown", err)
		}
		// Soon the remaining member knows that it has no leader, and nothing is sent.
		if attempts >= 2 && errors.Is(err, store.ErrUnavailable) {
			break
		}
		if time.Since(begin) > hang {
			t.Fatalf("Commit number %d: %v, want ErrUnavailable", attempts+1, err)
		}
	}
	for name, call := range calls(t.Context(), s) {
		eventually(t, name, func() error {
			// The request requires a leader. Otherwise it would wait for an election.
			err := soon(t, name, 1500*time.Millisecond, call)
			if !errors.Is(err, store.ErrUnavailable) {
				t.Fatalf("%s: %v, want ErrUnavailable", name, err)
			}
			if !strings.Contains(err.Error(), "no leader") { // on a busy machine this answer may be late
				return fmt.Errorf("%w, want it because of no leader", err)
			}
			return nil
		})
	}
	restart()
	eventually(t, "Commit once there is a majority", commit(t, s, "again"))
	for _, change := range history(t, witness, from) {
		value := string(change.Writes[0].Value)
		if err := wrote[value]; errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%q happened, want it not to, as Commit returned %v", value, err)
		}
	}
}

// A transaction is sent on a connection that falls silent for longer than all timeouts.
// It may happen when the connection resumes, so Commit must not have reported
// that it did not. Later commits of the store must be unaffected.
func TestSilence(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for time-outs; make test runs it")
	}
	t.Parallel()
	cluster, open := roughly(t)
	s, witness := open(cluster.Proxied(), hasty()...), open(cluster.Endpoints())
	eventually(t, "the first Commit", commit(t, s, "1"))
	from := now(t, witness)
	for i := range 3 {
		cluster.Pause(i)
	}
	eventually(t, "a Commit that is sent", func() error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		err := soon(t, "Commit", 1500*time.Millisecond, func() error {
			_, err := s.Commit(ctx, write("a", "silent"))
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Commit: %v, want DeadlineExceeded", err)
		}
		if !errors.Is(err, store.ErrOutcomeUnknown) { // on a busy machine it may not have been sent
			return fmt.Errorf("%w, want ErrOutcomeUnknown", err)
		}
		return nil
	})
	err := soon(t, "Commit", 1500*time.Millisecond, func() error {
		_, err := s.Commit(t.Context(), write("a", "also silent"))
		return err
	})
	// The slot of the first one is not reused, and creating another one fails.
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
	answers := make(map[string]error)
	for i := range 20 {
		attempt := 0
		eventually(t, fmt.Sprint("Commit number ", i), func() error {
			value := fmt.Sprint(i, ".", attempt)
			attempt++
			answers[value] = commit(t, s, value)()
			return answers[value]
		})
	}
	seen := make(map[string]int)
	for _, change := range history(t, witness, from) {
		seen[string(change.Writes[0].Value)]++
	}
	if seen["also silent"] > 0 || seen["silent"] > 1 {
		t.Errorf("history is %v, want %q at most once and %q never", seen, "silent", "also silent")
	}
	for value, err := range answers {
		switch n := seen[value]; {
		case err == nil && n != 1:
			t.Errorf("value %s was written %d times, want 1", value, n)
		case n > 1, n > 0 && !errors.Is(err, store.ErrOutcomeUnknown) && err != nil:
			t.Errorf("value %s was written %d times, want never, or at most once if unknown; Commit returned %v", value, n, err)
		}
	}
}

// The context of a Commit ends after its request was sent.
func TestContextEndsDuringRequest(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for time-outs; make test runs it")
	}
	t.Parallel()
	cluster, open := roughly(t)
	s, witness := open(cluster.Proxied()[:1], etcd.WithOutcomeWait(time.Minute)), open(cluster.Endpoints())
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
			t.Errorf("item is %q at %d, want %d at %d as Commit returned", item.Value, item.Revision, i, revision)
		case err != nil && (landed || !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrOutcomeUnknown)):
			t.Errorf("Commit: %v and the item is %q, want Canceled and not %d", err, item.Value, i)
		}
		timer.Stop()
		cancel()
	}
}

// The answers of a transaction and of the following fences are lost.
func TestAnswersOfFencesAreLost(t *testing.T) {
	t.Parallel()
	most := 6
	if testing.Short() {
		most = 1
	}
	for lost := range most {
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			cluster, open := roughly(t)
			s, witness := open(cluster.Proxied()[:1], etcd.WithOutcomeWait(time.Minute)), open(cluster.Endpoints())
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
				t.Errorf("history is %v, want only revision %d", changes, revision)
			}
			if !cluster.Dropped(0) {
				t.Errorf("fewer than %d answers were dropped, want that many", lost)
			}
		})
	}
}

func TestMemberStops(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for elections; make test runs it")
	}
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
			s := open(cluster.Proxied(), etcd.WithRequestTimeout(hang))
			member := c.member()
			cluster.Stop(member)
			defer cluster.Restart(member)
			for name, call := range calls(t.Context(), s) {
				if err := call(); err != nil && !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: %v, want nil or ErrNotFound", name, err)
				}
			}
		})
	}
}
