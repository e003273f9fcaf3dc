package ledger_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

// A complete program, with an emulated cluster and a ledger in memory. For a real cluster the client is
// wrapper.New("https://gateway:19080", wrapper.WithLedger(l)), and the store is bolt.Open("ledger.db").
func Example() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id, ctx := c.Put(emulator.Record{}), context.Background()

		st := memory.New()
		defer st.Close()
		l, err := ledger.New(st, ledger.WithBy("ann@ops-1"), ledger.WithRetention(365*24*time.Hour))
		if err != nil {
			log.Print(err)
			return
		}
		client := c.Client(wrapper.WithLedger(l))
		result, err := client.Cancel(ctx, id, wrapper.CancelOptions{Reason: "end of the drill"})
		fmt.Println(result.Verdict, result.LedgerErr, err)

		for e, err := range l.Trail(ctx, ledger.Query{Since: time.Now().Add(-time.Hour)}) {
			if err != nil {
				log.Print(err)
				continue
			}
			fmt.Println(e.By, e.Action, e.Verdict, e.State, e.Reason)
		}
	})
	// Output:
	// Accepted <nil> <nil>
	// ann@ops-1 graceful Accepted RollingBack end of the drill
}

// The graceful cancel of one client is the evidence for the force of another, on any machine, if both share
// a store.
func Example_shared() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id, ctx := c.Put(emulator.Record{}), context.Background()
		st := memory.New()
		client := func(by string) *wrapper.Client {
			l, err := ledger.New(st, ledger.WithBy(by))
			if err != nil {
				t.Fatalf("%v", err)
			}
			return c.Client(wrapper.WithLedger(l))
		}
		ann, bob := client("ann@ops-1"), client("bob@ops-2")

		_, err := bob.ForceCancel(ctx, id, wrapper.ForceOptions{Reason: "it hangs"})
		fmt.Println(err)
		_, err = ann.Cancel(ctx, id, wrapper.CancelOptions{Reason: "end of the drill"})
		fmt.Println(err)
		result, err := bob.ForceCancel(ctx, id, wrapper.ForceOptions{Reason: "it hangs"})
		fmt.Println(result.Verdict, err)
	})
	// Output:
	// force cancel 00000000-0000-4000-8000-000000000001: force refused by policy: no graceful cancel of this operation is known: cancel it gracefully first; no request was sent
	// <nil>
	// Accepted <nil>
}
