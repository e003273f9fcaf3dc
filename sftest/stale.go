package sftest

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// Stale answers a read, a list or a progress, as things stood when the step was
// written: like a replica that has heard of nothing since, or a cache. Neither later
// requests nor the time that has passed show in the answer. Write the step when things
// stand as the reader shall see them.
//
// A request that is no read fails the test: no replica carries one out on old
// knowledge.
func Stale() Fault {
	return Fault{"Stale", func(c *Cluster, m Matcher) (wirefault.Through, error) {
		call, _ := m.(Call)
		if of, ok := m.(callOf); ok {
			call = of.Call
		}
		switch call {
		case CancelOperation, Graceful, Force, StartDataLoss, StartQuorumLoss, StartPartitionRestart, StartNodeTransition:
			return nil, errors.New("only a read can be stale")
		default: // others are judged as they come
		}
		replica, err := c.replica()
		if err != nil {
			return nil, err
		}
		return func(server http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet {
					c.tb.Errorf("sftest: Stale: %s %s is no read", r.Method, r.URL.RequestURI())
					panic(http.ErrAbortHandler)
				}
				replica.ServeHTTP(rw, r)
			})
		}, nil
	}}
}

// replica is a server of everything as it is now, for ever.
func (c *Cluster) replica() (http.Handler, error) {
	ctx := context.Background()
	page, err := c.store.List(ctx, "", "", math.MaxInt)
	if err != nil {
		return nil, err
	}
	copied := memory.New()
	for _, item := range page.Items {
		if _, err := copied.Commit(ctx, store.Txn{Then: []store.Write{{Key: item.Key, Value: item.Value}}}); err != nil {
			return nil, err
		}
	}
	now := c.now()
	engine := emulator.New(copied, c.config.engineOptions(func() time.Time { return now })...)
	return server.New(engine, c.config.serverOptions()...)
}
