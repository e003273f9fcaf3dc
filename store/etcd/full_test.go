package etcd_test

import (
	"context"
	"testing"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
	"github.com/sfcancel/sfcancel/store/storetest"
)

// A cluster that has raised the alarm that it is full keeps the contract of a full medium, until
// its operator takes the alarm back. TestClusterIsFull is about how it gets there.
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

// alarm raises the alarm that a cluster of one is full, or takes it back.
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
