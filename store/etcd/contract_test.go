package etcd_test

import (
	"sync"
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
	"github.com/sfcancel/sfcancel/store/storetest"
)

// The contract on a cluster of three is the same, as far as calls of one store at a time
// go; TestAnswersAreTrue and its like are about the rest.
func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, shared.Endpoints(), etcd.WithPrefix(newPrefix()))
	})
}

func TestDurableContract(t *testing.T) {
	t.Parallel()
	var prefixOf sync.Map // of a directory
	storetest.RunDurable(t, func(t *testing.T, dir string) store.Store {
		prefix, _ := prefixOf.LoadOrStore(dir, newPrefix())
		return open(t, shared.Endpoints(), etcd.WithPrefix(prefix.(string)))
	})
}
