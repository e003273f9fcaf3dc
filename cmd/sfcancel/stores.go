package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/store/memory"
)

// openStore opens what --store names, or --ledger if that is not a file: a new driver is one more
// case here. The end of ctx ends the opening alone; the store has to outlive it. A name that makes
// no sense is a usageError; what cannot be reached is any other.
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
	return nil, usage(fmt.Errorf("%q is no store: it must be memory, bolt:PATH or %s", withoutQuery(name), etcdForm))
}

// boltPath is the file of a store that is named bolt:PATH.
func boltPath(name string) (string, bool) {
	path, ok := strings.CutPrefix(name, "bolt:")
	return path, ok && path != ""
}
