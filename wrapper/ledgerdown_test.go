package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The three things a call asks of its ledger.
const (
	atRead  = "read"
	atAhead = "write-ahead"
	atNote  = "note"
)

// scriptedLedger fails at one of them, at once or by hanging.
type scriptedLedger struct {
	wrapper.MemoryLedger
	failAt  string
	hangs   bool
	until   time.Time // when it recovers; zero for never
	noAhead bool      // the write-ahead has been
}

func (l *scriptedLedger) at(ctx context.Context, point string) error {
	switch {
	case point != l.failAt || !l.until.IsZero() && time.Now().After(l.until):
		return nil
	case l.hangs:
		<-ctx.Done()
		return fmt.Errorf("%w: %w", errDisk, ctx.Err())
	}
	return errDisk
}

func (l *scriptedLedger) Append(ctx context.Context, e wrapper.Entry) error {
	point := atNote
	if e.Action == "force" && e.Verdict == "" && !l.noAhead {
		point, l.noAhead = atAhead, true
	}
	if err := l.at(ctx, point); err != nil {
		return err
	}
	return l.MemoryLedger.Append(ctx, e)
}

func (l *scriptedLedger) Entries(ctx context.Context, id uuid.UUID) ([]wrapper.Entry, error) {
	entries, _ := l.MemoryLedger.Entries(ctx, id)
	return entries, l.at(ctx, atRead) // what comes with an error must not count
}

// writesOf are the cancels that a server saw, in order.
func writesOf(c *sftest.Cluster) (all []string) {
	for _, r := range c.Requests() {
		switch {
		case r.Force:
			all = append(all, "force")
		case r.Call == sftest.CancelOperation:
			all = append(all, "graceful")
		}
	}
	return all
}

// A ledger that cannot be reached stops every force, whoever decides about it, and no
// graceful cancel. What happened all the same is noted as well as it can be.
func TestForceNeedsLedger(t *testing.T) {
	t.Parallel()
	const grace = 10 * time.Second
	force := func(p wrapper.ForcePolicy) func(context.Context, *wrapper.Client, uuid.UUID) (wrapper.Result, error) {
		return func(ctx context.Context, c *wrapper.Client, id uuid.UUID) (wrapper.Result, error) {
			return c.ForceCancel(ctx, id, wrapper.ForceOptions{Policy: p, Reason: "why"})
		}
	}
	stop := func(ctx context.Context, c *wrapper.Client, id uuid.UUID) (wrapper.Result, error) {
		return c.Stop(ctx, id, wrapper.StopOptions{Grace: grace, Reason: "why"})
	}
	nothing, graceful, both := []string(nil), []string{"graceful"}, []string{"graceful", "force"}
	refused, unfinished := wrapper.ErrForceRefused, wrapper.ErrNotFinished
	cases := []struct {
		name    string
		call    func(context.Context, *wrapper.Client, uuid.UUID) (wrapper.Result, error)
		known   bool // the ledger knows of a graceful cancel
		kind    error
		unread  []string // what goes out if the ledger cannot be read
		unahead []string // if it cannot be told of the force
		all     []string // if it can
		waits   time.Duration
	}{
		{"RequireGraceful", force(wrapper.RequireGraceful{}), true, refused, nothing, nothing, []string{"force"}, 0},
		{"RequireGraceful with a look", force(wrapper.RequireGraceful{Look: true}), false, refused, nothing, nothing, []string{"force"}, 0},
		{"GracefulFirst", force(wrapper.GracefulFirst{Grace: grace}), false, refused, graceful, graceful, both, 0},
		{"GracefulFirst that knows", force(wrapper.GracefulFirst{}), true, refused, graceful, nothing, []string{"force"}, 0},
		{"ServerDecides", force(wrapper.ServerDecides{}), false, refused, nothing, nothing, []string{"force"}, 0},
		{"Stop", stop, false, unfinished, graceful, graceful, both, grace},
	}
	for _, tc := range cases {
		for _, all := range []bool{false, true} { // by CancelAll, too
			for _, failAt := range []string{atRead, atAhead, atNote} {
				for _, hangs := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/all %v/%s/hangs %v", tc.name, all, failAt, hangs), func(t *testing.T) {
						t.Parallel()
						inBubble(t, func(t *testing.T, c *sftest.Cluster) {
							id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck, Rollback: emulator.RollingBackDueToUserCancel})
							ledger := &scriptedLedger{failAt: failAt, hangs: hangs}
							if tc.known {
								must(t, ledger.MemoryLedger.Append(t.Context(), wrapper.Entry{
									Time: time.Now().Add(-time.Hour), OperationID: id, Cluster: itsCluster, Action: "graceful", Verdict: wrapper.Accepted}))
							}
							client, begin := c.Client(wrapper.WithLedger(ledger), wrapper.WithCluster(itsCluster)), time.Now()
							got, err := callOrAll(t.Context(), client, id, tc.call, all)
							if failAt == atNote {
								if err != nil || !got.Force || !errors.Is(got.LedgerErr, errDisk) || !slices.Equal(writesOf(c), tc.all) {
									t.Errorf("%+v, %v; the server saw %v", got, err, writesOf(c))
								}
								return
							}
							want := tc.unread
							if failAt == atAhead {
								want = tc.unahead
							}
							e, r := asOnly(t, err, tc.kind), new(wrapper.Refusal)
							if !errors.As(err, &r) || !errors.Is(r.Cause, errDisk) || !r.NotBefore.IsZero() || !slices.Equal(writesOf(c), want) {
								t.Errorf("%v; the server saw %v, want %v", err, writesOf(c), want)
							}
							if forced := c.Operation(id).Rollback == emulator.RollingBackForce; forced || e.Force() != errors.Is(tc.kind, refused) {
								t.Errorf("forced: %v, said so: %v", forced, e.Force())
							}
							if took := time.Since(begin); !hangs && failAt == atRead && took != tc.waits || took < tc.waits || took > grace+20*time.Second {
								t.Errorf("it took %v", took)
							}
							entries, _ := ledger.MemoryLedger.Entries(t.Context(), id)
							if i := slices.IndexFunc(entries, func(e wrapper.Entry) bool { return e.Action == "force" }); i >= 0 {
								t.Errorf("the ledger knows of a force that nobody sent: %+v", entries[i])
							}
						})
					})
				}
			}
		}
	}
}

func callOrAll(ctx context.Context, client *wrapper.Client, id uuid.UUID, call func(context.Context, *wrapper.Client, uuid.UUID) (wrapper.Result, error), all bool) (got wrapper.Result, err error) {
	if !all {
		return call(ctx, client, id)
	}
	each := func(ctx context.Context, op wrapper.Operation) (wrapper.Result, error) {
		return call(ctx, client, op.ID)
	}
	for got, err = range client.CancelAll(ctx, wrapper.Selector{}, wrapper.CancelAllOptions{Each: each}) {
	}
	return got, err
}

// A ledger that is back when the time of the force has come is good enough for a Stop.
func TestLedgerRecovers(t *testing.T) {
	t.Parallel()
	for _, failAt := range []string{atRead, atNote} {
		inBubble(t, func(t *testing.T, c *sftest.Cluster) {
			id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck})
			client := c.Client(wrapper.WithLedger(&scriptedLedger{failAt: failAt, until: time.Now().Add(time.Second)}))
			got, err := client.Stop(t.Context(), id, wrapper.StopOptions{Grace: 10 * time.Second})
			if truthful(t, c, id, got, err); !got.Force || (got.LedgerErr != nil) != (failAt == atNote) {
				t.Errorf("%s: force %v, %v", failAt, got.Force, got.LedgerErr)
			}
		})
	}
}

// When a force is on the wire, the ledger knows of it already, once, however often it is sent.
func TestForceIsNotedAhead(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck, Rollback: emulator.RollingBackDueToUserCancel})
		ledger, forces := new(wrapper.MemoryLedger), 0
		look := func(next http.RoundTripper) http.RoundTripper {
			return tripper(func(r *http.Request) (*http.Response, error) {
				if r.URL.Query().Get("Force") == "true" {
					forces++
					entries, _ := ledger.Entries(r.Context(), id)
					if got := noted(entries, "why"); !slices.Equal(got, []wrapper.Action{"force"}) {
						t.Errorf("force %d: the ledger holds %+v", forces, entries)
					}
				}
				return next.RoundTrip(r)
			})
		}
		c.On(sftest.Force, sftest.DropBefore()).Times(2)
		client := c.Client(wrapper.WithLedger(ledger), wrapper.WithAttemptMiddleware(look), wrapper.WithForcePolicy(wrapper.ServerDecides{}))
		got, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{Reason: "why"})
		if err != nil || forces != 3 {
			t.Errorf("%d forces: %s, %v", forces, got.Verdict, err)
		}
	})
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A force that somebody was about to send proves nothing, nor does a cancel that failed.
func TestNoVerdictNoEvidence(t *testing.T) {
	t.Parallel()
	for _, action := range []wrapper.Action{"force", "graceful", "start"} {
		inBubble(t, func(t *testing.T, c *sftest.Cluster) {
			id, ledger := c.Put(emulator.Record{Scenario: stuck}), new(wrapper.MemoryLedger)
			must(t, ledger.Append(t.Context(), wrapper.Entry{Time: time.Now(), OperationID: id, Action: action, State: wrapper.StateRollingBack}))
			client := c.Client(wrapper.WithLedger(ledger))
			_, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
			if _ = refusal(t, err); len(c.Requests()) != 0 {
				t.Errorf("%s: %v", action, c.Requests())
			}
			got, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Accepted {
				t.Errorf("%s: %s, %v", action, got.Verdict, err)
			}
		})
	}
}
