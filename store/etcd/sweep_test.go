package etcd_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/sfcancel/sfcancel/store/etcd"
)

func TestOpenSweepsStaleSlots(t *testing.T) {
	client, prefix := shared.Client(t), newPrefix()
	live := open(t, shared.Endpoints(), etcd.WithPrefix(prefix))
	if _, err := live.Commit(t.Context(), write("a", "1")); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		"stale/1": fmt.Sprint("txn ", time.Now().Add(-25*time.Hour).Unix()),
		"stale/2": "fence 0",
		"young/1": fmt.Sprint("made ", time.Now().Add(-23*time.Hour).Unix()),
		"ahead/1": fmt.Sprint("txn ", time.Now().Add(48*time.Hour).Unix()),
		"other/1": "something else",
	} {
		if _, err := client.Put(t.Context(), prefix+"slot/"+key, value); err != nil {
			t.Fatal(err)
		}
	}
	open(t, shared.Endpoints(), etcd.WithPrefix(prefix))
	var left []string
	for key := range dump(t, client, prefix+"slot/") {
		id, _, _ := strings.Cut(strings.TrimPrefix(key, prefix+"slot/"), "/")
		left = append(left, id)
	}
	got := strings.Join(left, " ")
	if len(left) != 4 || strings.Contains(got, "stale") {
		t.Errorf("slots of %s are left, want young, ahead, other and that of the live store", got)
	}
	if _, err := live.Commit(t.Context(), write("a", "2")); err != nil {
		t.Error(err)
	}
}

func TestStoreReplacesSweptSlot(t *testing.T) {
	client, prefix := shared.Client(t), newPrefix()
	s := open(t, shared.Endpoints(), etcd.WithPrefix(prefix))
	for i := range 5 {
		revision, err := s.Commit(t.Context(), write("a", fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		if item, err := s.Get(t.Context(), "a"); err != nil || item.Revision != revision {
			t.Errorf("Get = %v, %v, want revision %d", item, err, revision)
		}
		if _, err := client.Delete(t.Context(), prefix+"slot/", clientv3.WithPrefix()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCloseLeavesNoSlots(t *testing.T) {
	client, prefix := shared.Client(t), newPrefix()
	s := open(t, shared.Endpoints(), etcd.WithPrefix(prefix))
	other := open(t, shared.Endpoints(), etcd.WithPrefix(prefix))
	for _, s := range []*etcd.Store{s, other} {
		if _, err := s.Commit(t.Context(), write("a", "1")); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(dump(t, client, prefix+"slot/")); n != 2 {
		t.Errorf("%d slots, want 2, one of each store", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(dump(t, client, prefix+"slot/")); n != 1 {
		t.Errorf("%d slots after one store was closed, want 1", n)
	}
}

// More young slots than one Open reads do not hide a stale one whose key comes after
// theirs.
func TestOpenSweepsStaleSlotsBehindYoungOnes(t *testing.T) {
	client, prefix := shared.Client(t), newPrefix()
	stale := prefix + "slot/zzz/1"
	_, err := client.Put(t.Context(), stale, "txn 1")
	ok(t, 0, err)
	young := fmt.Sprint("txn ", time.Now().Unix())
	for i := 0; i < 1100; i += 100 {
		var puts []clientv3.Op
		for j := i; j < i+100; j++ {
			puts = append(puts, clientv3.OpPut(fmt.Sprint(prefix, "slot/aaa/", j), young))
		}
		_, err := client.Txn(t.Context()).Then(puts...).Commit()
		ok(t, 0, err)
	}
	_, err = client.Put(t.Context(), prefix+"format", "sfcancel store 1")
	ok(t, 0, err)
	open(t, shared.Endpoints(), etcd.WithPrefix(prefix))
	if left := dump(t, client, stale); len(left) > 0 {
		t.Errorf("%v is left, want nothing", left)
	}
}
