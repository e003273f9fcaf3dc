package journal_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

// The graceful cancel of one process is the evidence for the force of another, if both share a directory. For a
// real cluster the client is wrapper.New("https://gateway:19080", wrapper.WithLedger(l)).
func Example() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id, ctx := c.Put(emulator.Record{}), context.Background()
		above, err := os.MkdirTemp("", "")
		if err != nil {
			log.Print(err)
			return
		}
		defer func() { _ = os.RemoveAll(above) }()
		dir := filepath.Join(above, "ledger")

		first, err := journal.New(dir, journal.WithBy("ann"))
		if err != nil {
			log.Print(err)
			return
		}
		result, err := c.Client(wrapper.WithLedger(first)).Cancel(ctx, id, wrapper.CancelOptions{Reason: "end of the drill"})
		fmt.Println(result.Verdict, err)

		second, err := journal.New(dir, journal.WithBy("bob"))
		if err != nil {
			log.Print(err)
			return
		}
		result, err = c.Client(wrapper.WithLedger(second)).ForceCancel(ctx, id, wrapper.ForceOptions{Reason: "it hangs"})
		fmt.Println(result.Verdict, err)

		for e, err := range second.Trail(ctx, ledger.Query{Action: "graceful"}) {
			if err != nil {
				log.Print(err)
				continue
			}
			fmt.Println(e.By, e.Action, e.Verdict, e.Reason)
		}
	})
	// Output:
	// Accepted <nil>
	// Accepted <nil>
	// ann graceful Accepted end of the drill
}
