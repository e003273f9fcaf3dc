package store_test

import (
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/store/storetest"
)

// A store that is nothing but a Store: Scan, CommitEach and Recall do with it what they do with any.
func TestPlainStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Store { return struct{ store.Store }{memory.New()} })
}
