package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/store/memory"
)

// openStore opens the store that --store names, or --ledger if that is not a file: a new driver is one
// more case here. ctx limits only the opening; the store outlives it. An invalid name is a usageError;
// a store that cannot be reached is another error.
func openStore(ctx context.Context, name string) (store.Store, error) {
	if path, ok := boltPath(name); ok {
		return bolt.Open(path)
	}
	switch {
	case name == "memory":
		return memory.New(), nil
	case isEtcd(name):
		return openEtcd(ctx, name)
	}
	return nil, usage(fmt.Errorf("%q is not a store: it must be memory, bolt:PATH or %s", withoutQuery(name), etcdForm))
}

// boltPath returns the file of a store that is named bolt:PATH.
func boltPath(name string) (string, bool) {
	path, ok := strings.CutPrefix(name, "bolt:")
	return path, ok && path != ""
}
