package main

import (
	"flag"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

var atOnce = flag.Int("at-once", 20, "how many pairs of processes TestManyAtOnce runs at once")

// Of many processes at once, each a cancel and then a force, nobody is turned away for the ledger, and nothing
// goes unnoted: in a new ledger, and while one of an earlier release is taken over.
func TestManyAtOnce(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T){
		"new": func(t *testing.T) { ownState(t) },
		"taken over": func(t *testing.T) {
			oldLedger(t, wrapper.Entry{Time: time.Now(), OperationID: uuid.New(), Action: "graceful", Verdict: wrapper.Accepted})
		},
	} {
		t.Run(name, func(t *testing.T) {
			prepare(t)
			url := serveInTest(t, "--freeze")
			ids := make([]string, *atOnce)
			for i := range ids {
				ids[i] = start(t, url, append(dataLoss, "--ledger", "none")...)
			}
			var group sync.WaitGroup
			for _, id := range ids {
				group.Go(func() {
					for _, command := range []string{"cancel", "force"} { // as long as it takes on a busy machine
						code, out := otherProcess(t, command, id, "--endpoint", url, "--timeout", "5m")
						if code != exitOK || strings.Contains(out, "warning") {
							t.Errorf("%s: exit %d: %s", command, code, out)
						}
					}
				})
			}
			group.Wait()
			noted := make(map[string][]string)
			for _, e := range trailOf(t) {
				noted[e.OperationID] = append(noted[e.OperationID], e.Action+" "+e.Verdict)
			}
			for _, id := range ids {
				if got := strings.Join(noted[id], ", "); got != "graceful Accepted, force , force Accepted" {
					t.Errorf("noted of %s: %s", id, got)
				}
			}
		})
	}
}
