package emulator_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// observer is a store in memory that looks at everything after each transaction: whatever
// replicas do, that is what must hold (§5.1, §5.2, §5.4, §5.7).
type observer struct {
	*memory.Store
	profile server.Profile

	mu     sync.Mutex
	before map[uuid.UUID]kept
	told   []emulator.Transition // what a Watch has to tell
	wrong  []string
}

// kept is a record and the table that it is in.
type kept struct {
	emulator.Record
	table string
}

func newObserver(profile server.Profile) *observer {
	return &observer{Store: memory.New(), profile: profile, before: map[uuid.UUID]kept{}}
}

func (o *observer) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at, err := o.Store.Commit(ctx, txn)
	if err == nil {
		o.look(at)
	}
	return at, err
}

// CommitEach makes of it a [store.Batcher], in which nothing comes in between.
func (o *observer) CommitEach(ctx context.Context, txns []store.Txn) []store.Outcome {
	return commitEach(ctx, o, txns)
}

func (o *observer) fault(at store.Revision, format string, args ...any) {
	o.wrong = append(o.wrong, fmt.Sprintf("revision %d: ", at)+fmt.Sprintf(format, args...))
}

// look compares what is there with what was there before the transaction.
func (o *observer) look(at store.Revision) {
	page, err := o.List(context.Background(), "operations/", "", 1_000_000)
	if err != nil {
		o.fault(at, "%v", err)
		return
	}
	now, holders := map[uuid.UUID]kept{}, map[string]string{}
	for _, item := range page.Items {
		table, name, _ := strings.Cut(strings.TrimPrefix(item.Key, "operations/"), "/")
		if table == "node" {
			holders[name] = string(item.Value)
			continue
		}
		r := kept{table: table}
		if err := json.Unmarshal(item.Value, &r.Record); err != nil {
			o.fault(at, "%v", err)
		}
		if _, twice := now[r.ID]; twice {
			o.fault(at, "%s is in both tables", r.ID)
		}
		if r.Terminal() != (table == "history") {
			o.fault(at, "%s is %s, in the table %s", r.ID, r.Step, table)
		}
		now[r.ID] = r
	}
	o.nodes(at, now, holders)
	changed := 0
	for id, r := range now {
		before, was := o.before[id]
		if before == r {
			continue
		}
		changed++
		o.edge(at, before, r)
		if !was || stageOf(before.Record) != stageOf(r.Record) {
			o.told = append(o.told, emulator.Transition{Revision: at, Record: r.Record})
		}
	}
	for id, r := range o.before {
		if _, is := now[id]; is {
			continue
		}
		changed++
		if r.table != "history" {
			o.fault(at, "%s was active and is in no table", id)
		}
		o.told = append(o.told, emulator.Transition{Revision: at, Record: emulator.Record{ID: id}, Removed: true})
	}
	if changed > 1 {
		o.fault(at, "%d operations changed at once", changed)
	}
	o.before = now
}

// nodes: a node is held by the one active transition of it, and by nothing else (§5.7).
func (o *observer) nodes(at store.Revision, now map[uuid.UUID]kept, holders map[string]string) {
	held := map[string]string{}
	for id, r := range now {
		if r.table != "active" || r.Target.NodeName == "" {
			continue
		}
		sum := sha256.Sum256([]byte(r.Target.NodeName))
		name := hex.EncodeToString(sum[:])
		if other := held[name]; other != "" {
			o.fault(at, "node %s is in the transitions %s and %s", r.Target.NodeName, other, id)
		}
		held[name] = id.String()
	}
	if !maps.Equal(held, holders) {
		o.fault(at, "the nodes are held by %v, and should be by %v", holders, held)
	}
}

// edge: a transaction is one edge of §5.4, or none, and one step.
func (o *observer) edge(at store.Revision, before, now kept) {
	from, to := string(before.State()), string(now.State())
	if before.Kind == "" {
		from = ""
	}
	may := append(slices.Clone(oneEdge[from]), from)
	if now.Target.NodeName != "" && from == "Running" {
		may = append(may, "Faulted") // there is nothing to roll back (§5.6)
	}
	if !slices.Contains(may, to) {
		o.fault(at, "%s went from %s to %s", now.ID, from, to)
	}
	if before.table == "history" {
		o.fault(at, "%s was over, and was changed", now.ID)
	}
	if from == "" || before.table == "" {
		if now.Step != emulator.StepIntentSaved {
			o.fault(at, "%s begins at %s", now.ID, now.Step)
		}
		return
	}
	forward := slices.Index(steps, now.Step) - slices.Index(steps, before.Step)
	startsOver := stageOf(before.Record).flag == emulator.RollingBackAndWillRetry
	if now.Step != emulator.StepFailed && forward > 1 && !startsOver {
		o.fault(at, "%s went from %s to %s", now.ID, before.Step, now.Step)
	}
	if now.Rollback == emulator.RollingBackForce && before.Rollback != emulator.RollingBackForce {
		graceful := before.Rollback == emulator.RollingBackDueToUserCancel
		if !graceful && (o.profile == server.Runtime || before.State() != generated.OperationStateRollingBack) {
			o.fault(at, "%s was forced when it was %s (§5.2)", now.ID, before.Rollback)
		}
	}
	if asked := before.Rollback; asked != now.Rollback && (asked == emulator.RollingBackForce ||
		asked == emulator.RollingBackDueToUserCancel && now.Rollback != emulator.RollingBackForce) {
		o.fault(at, "%s: the flag went from %s to %s", now.ID, asked, now.Rollback)
	}
}

// oneEdge is §5.4, and nothing that takes two steps.
var oneEdge = map[string][]string{
	"":            {"Running"},
	"Running":     {"RollingBack", "Completed"},
	"RollingBack": {"Faulted", "Cancelled", "ForceCancelled"},
}

// seenStage is the definition of [emulator.Transition], in other words.
type seenStage struct {
	step emulator.Step
	flag emulator.Rollback
}

func stageOf(r emulator.Record) seenStage {
	s := seenStage{r.Step, r.Rollback}
	if r.State() != generated.OperationStateRunning || r.Rollback == emulator.RollingBackAndWillRetry {
		if r.Rollback == emulator.RollingBackAndWillRetry {
			s.step = ""
		}
		return s
	}
	if r.Target.NodeName == "" && (r.Failed.LookUp > 0 || r.Failed.Perform > 0) {
		return seenStage{flag: emulator.RollingBackAndWillRetry}
	}
	return s
}
