package etcd_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store"
)

// A watch yields each change exactly once, whatever happens to connections and
// members.
func TestWatchSurvivesFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		rounds  int
		trouble func(c *etcdtest.Cluster, round int, commit func())
	}{
		{"answers are lost", 10, func(c *etcdtest.Cluster, round int, commit func()) {
			c.DropAnswers(round%3, 1)
			commit()
		}},
		{"all connections are cut", 5, func(c *etcdtest.Cluster, _ int, commit func()) {
			for i := range 3 {
				c.Cut(i)
			}
			commit()
			for i := range 3 {
				c.Resume(i)
			}
			commit()
		}},
		{"a member stops", 2, func(c *etcdtest.Cluster, round int, commit func()) {
			c.Stop(round % 3)
			commit()
			c.Restart(round % 3)
			commit()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.name != "answers are lost" {
				t.Skip("it waits for connections and elections; make test runs it")
			}
			t.Parallel()
			cluster, open := roughly(t)
			s, witness := open(cluster.Proxied()), open(cluster.Endpoints())
			from := now(t, witness)
			seen := make(chan store.Change, 1000)
			watching := make(chan error, 1)
			go func() {
				for change, err := range s.Watch(t.Context(), "", from) {
					if err != nil {
						watching <- err
						return
					}
					seen <- change
					if change.Writes[0].Key == "end" {
						break
					}
				}
				watching <- nil
			}()
			var want []store.Change
			for round := range c.rounds {
				c.trouble(cluster, round, func() {
					for range 10 {
						w := store.Write{Key: fmt.Sprint(len(want) % 7), Value: fmt.Append(nil, len(want))}
						revision, err := witness.Commit(t.Context(), store.Txn{Then: []store.Write{w}})
						if err != nil {
							t.Fatal(err)
						}
						want = append(want, store.Change{Revision: revision, Writes: []store.Write{w}})
					}
				})
			}
			history(t, witness, from) // writes the end mark
			if err := <-watching; err != nil {
				t.Fatal(err)
			}
			close(seen)
			got := slices.Collect(chanSeq(seen))
			same(t, got[:len(got)-1], want)
		})
	}
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
}

func chanSeq[T any](c <-chan T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range c {
			if !yield(v) {
				return
			}
		}
	}
}

// The changes during a disconnection are compacted before the watch reconnects.
func TestWatchMeetsCompaction(t *testing.T) {
	t.Parallel()
	cluster, open := roughly(t)
	s, witness := open(cluster.Proxied()), open(cluster.Endpoints())
	first, err := witness.Commit(t.Context(), write("a", "1"))
	if err != nil {
		t.Fatal(err)
	}
	next, stop := iter.Pull2(s.Watch(t.Context(), "", first-1))
	defer stop()
	if change, err, ok := next(); err != nil || !ok || change.Revision != first {
		t.Fatalf("Watch yields %v, %v, %t, want revision %d", change, err, ok, first)
	}
	for i := range 3 {
		cluster.Cut(i)
	}
	var last store.Revision
	for i := range 5 {
		if last, err = witness.Commit(t.Context(), write("a", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	cluster.Compact(t, int64(last))
	for i := range 3 {
		cluster.Resume(i)
	}
	if change, err, _ := next(); !errors.Is(err, store.ErrCompacted) {
		t.Errorf("Watch yields %v, %v, want ErrCompacted", change, err)
	}
	if _, _, ok := next(); ok {
		t.Error("Watch after an error: got another result, want the end")
	}
	// The contract: list, and watch from the revision of the list.
	page, err := s.List(t.Context(), "", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	again, err := witness.Commit(t.Context(), write("b", ""))
	if err != nil {
		t.Fatal(err)
	}
	for change, err := range s.Watch(t.Context(), "", page.Revision) {
		if err != nil || change.Revision != again {
			t.Errorf("Watch yields %v, %v, want revision %d", change, err, again)
		}
		break
	}
	for _, err := range s.Watch(t.Context(), "", 0) {
		if !errors.Is(err, store.ErrCompacted) {
			t.Errorf("Watch from the beginning yields %v, want ErrCompacted", err)
		}
	}
}

// A slow consumer blocks nothing, and continues where it was unless its revision
// has been compacted. There are many consumers, because the first change may arrive
// before or after its watch begins to wait for it.
func TestSlowWatchers(t *testing.T) {
	t.Parallel()
	const watches = 10
	for _, compact := range []bool{false, true} {
		t.Run(fmt.Sprint("compacted ", compact), func(t *testing.T) {
			t.Parallel()
			cluster := etcdtest.Start(t, 1) // not shared, because it is compacted
			s := open(t, cluster.Endpoints())
			var want []store.Revision
			commit := func(n int) {
				for range n {
					revision, err := s.Commit(t.Context(), write("a", fmt.Sprint(len(want))))
					ok(t, revision, err)
					want = append(want, revision)
				}
			}
			commit(1)
			takes := make([]func() (store.Change, error, bool), watches)
			got := make([][]store.Revision, watches)
			var beginning sync.WaitGroup
			for i := range watches {
				next, stop := iter.Pull2(s.Watch(t.Context(), "", want[0]-1))
				defer stop()
				takes[i] = next
				beginning.Go(func() {
					change, err, _ := next()
					if got[i] = append(got[i], change.Revision); err != nil {
						t.Error(err)
					}
				})
			}
			beginning.Wait()
			commit(20)
			// Much longer than watchPatience: nothing visible from outside shows that the
			// watch was canceled. Other tests run meanwhile.
			time.Sleep(3 * time.Second)
			commit(20)
			if compact {
				cluster.Compact(t, int64(want[len(want)-1]))
			}
			for i, take := range takes {
				var err error
				for err == nil && len(got[i]) < len(want) {
					var change store.Change
					change, err, _ = take()
					got[i] = append(got[i], change.Revision)
				}
				switch {
				case compact && !errors.Is(err, store.ErrCompacted):
					t.Errorf("Watch ends with %v after %d changes, want ErrCompacted", err, len(got[i]))
				case !compact:
					ok(t, 0, err)
					same(t, got[i], want)
				}
			}
		})
	}
}

// A watch can begin after the revision before the compacted one: the writes of the compacted revision,
// including deletes, are still known. Those of earlier revisions are not.
func TestWatchFromTheEdgeOfCompaction(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t, 1)
	s := open(t, cluster.Endpoints())
	var at []store.Revision
	for _, w := range []store.Write{
		{Key: "a", Value: []byte("1")}, {Key: "b", Value: []byte("1")}, {Key: "a", Delete: true}, {Key: "b", Value: []byte("2")}, {Key: "b", Delete: true},
	} {
		revision, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{w}})
		ok(t, revision, err)
		at = append(at, revision)
	}
	cluster.Compact(t, int64(at[2]))
	for after, want := range map[store.Revision][]store.Revision{
		at[2] - 2: nil, at[2] - 1: at[2:], at[2]: at[3:], at[3]: at[4:],
	} {
		var got []store.Revision
		for change, err := range s.Watch(t.Context(), "", after) {
			if err != nil {
				if !errors.Is(err, store.ErrCompacted) || want != nil {
					t.Errorf("Watch after %d yields %v, want %v", after, err, want)
				}
				break
			}
			if got = append(got, change.Revision); change.Revision == at[4] {
				break
			}
		}
		same(t, got, want)
	}
}
