package etcd_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
	"github.com/sfcancel/sfcancel/store/storetest"
	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// The contract of package store on a cluster of three, without faults. Faults are tested by
// TestAnswersAreTrue and similar tests.
func TestEtcdContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, shared.Endpoints(), etcd.WithPrefix(newPrefix()))
	})
}

func TestDurableContract(t *testing.T) {
	t.Parallel()
	var prefixOf sync.Map // by directory
	storetest.RunDurable(t, func(t *testing.T, dir string) store.Store {
		prefix, _ := prefixOf.LoadOrStore(dir, newPrefix())
		return open(t, shared.Endpoints(), etcd.WithPrefix(prefix.(string)))
	})
}

// While its NOSPACE alarm is active, a cluster keeps the contract of a full medium.
// TestClusterIsFull tests how the alarm is raised.
func TestFullContract(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t, 1)
	client := cluster.Client(t)
	storetest.RunFull(t, func(t *testing.T) (store.Store, func(bool)) {
		full := func(on bool) {
			if err := alarm(context.WithoutCancel(t.Context()), client, on); err != nil {
				t.Error(err)
			}
		}
		t.Cleanup(func() { full(false) })
		return open(t, cluster.Endpoints(), etcd.WithPrefix(newPrefix())), full
	})
}

// alarm activates or deactivates the NOSPACE alarm of a cluster of one.
func alarm(ctx context.Context, client *clientv3.Client, on bool) error {
	status, err := client.Status(ctx, client.Endpoints()[0])
	if err != nil {
		return err
	}
	action := etcdserverpb.AlarmRequest_DEACTIVATE
	if on {
		action = etcdserverpb.AlarmRequest_ACTIVATE
	}
	_, err = etcdserverpb.NewMaintenanceClient(client.ActiveConnection()).Alarm(ctx, &etcdserverpb.AlarmRequest{
		Action: action, MemberID: status.Header.MemberId, Alarm: etcdserverpb.AlarmType_NOSPACE,
	})
	return err
}

// etcd applies the transaction that crosses its quota, although it answers that there is no
// space.
func TestClusterIsFull(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t, 1, etcdtest.WithQuota(4<<20))
	s := open(t, cluster.Endpoints())
	from := now(t, s)
	value := make([]byte, 20<<10)
	const goroutines = 8
	revisions := make([]map[string]store.Revision, goroutines) // by key, 0 for an error
	var group sync.WaitGroup
	for g := range goroutines {
		revisions[g] = make(map[string]store.Revision)
		group.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d/%d", g, i)
				revision, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: key, Value: value}}})
				revisions[g][key] = revision
				if err != nil {
					if !strings.Contains(err.Error(), "space exceeded") || errors.Is(err, store.ErrOutcomeUnknown) || !errors.Is(err, store.ErrUnavailable) {
						t.Errorf("Commit: %v, want ErrUnavailable with %q", err, "space exceeded")
					}
					return
				}
			}
		})
	}
	group.Wait()
	happened := make(map[string]store.Revision)
	page, err := s.List(t.Context(), "", "", 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range page.Items {
		happened[item.Key] = item.Revision
	}
	for _, of := range revisions {
		for key, revision := range of {
			if happened[key] != revision {
				t.Errorf("%s is at revision %d, want %d as Commit returned", key, happened[key], revision)
			}
		}
	}
	if page.Revision <= from || len(page.Items) == 0 {
		t.Errorf("%d items at revision %d, want some, after revision %d", len(page.Items), page.Revision, from)
	}
	// A store that is opened later can read.
	other := open(t, cluster.Endpoints(), etcd.WithRequestTimeout(etcd.DefaultRequestTimeout))
	if _, err := other.Get(t.Context(), page.Items[0].Key); err != nil {
		t.Error(err)
	}
}
