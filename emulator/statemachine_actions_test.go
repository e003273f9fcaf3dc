package emulator_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

func (w *world) cancel(t *rapid.T, forcing bool) {
	w.any(t)
	o, id := w.known(t)
	next := graceful
	if forcing {
		next = force
		if w.profile == server.Documented {
			next = seeds
		}
	}
	status, code, body := w.send(http.MethodPost, fmt.Sprintf("/Faults/$/Cancel?api-version=6.0&OperationId=%s&Force=%t", id, forcing))
	want := o.cancel(next)
	w.expect(fmt.Sprintf("cancel of %s, Force=%t (§5.2)", id, forcing), status, code, want,
		map[int]string{400: "FABRIC_E_INVALID_TEST_COMMAND_STATE", 404: "FABRIC_E_KEY_NOT_FOUND"}[want])
	if want == 200 && len(body) > 0 {
		t.Errorf("a cancel answers with a body: %q", body)
	}
}

// known is an operation, mostly one that is under way, or nil with an id that nobody has.
func (w *world) known(t *rapid.T) (*modelOp, uuid.UUID) {
	var under []*modelOp
	for _, o := range w.ops {
		if !o.over() {
			under = append(under, o)
		}
	}
	n := rapid.IntRange(0, 9).Draw(t, "which")
	switch {
	case n < 8 && len(under) > 0:
		o := under[rapid.IntRange(0, len(under)-1).Draw(t, "of those under way")]
		return o, o.id
	case n < 9 && len(w.ops) > 0:
		o := w.ops[rapid.IntRange(0, len(w.ops)-1).Draw(t, "of all")]
		return o, o.id
	}
	return nil, fresh(t)
}

func fresh(t *rapid.T) uuid.UUID {
	id, err := uuid.FromBytes(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (w *world) start(t *rapid.T) {
	kind := 3
	if !w.nodesOnly {
		kind = rapid.IntRange(0, 2).Draw(t, "kind")
	}
	w.startAs(t, fresh(t), kind)
}

func (w *world) startNode(t *rapid.T) { w.startAs(t, fresh(t), 3) }

func (w *world) startAgain(t *rapid.T) {
	if _, id := w.known(t); id != uuid.Nil {
		w.startAs(t, id, rapid.IntRange(0, 3).Draw(t, "kind"))
	}
}

func (w *world) startAs(t *rapid.T, id uuid.UUID, kind int) {
	w.any(t)
	one := func(name string, of ...time.Duration) time.Duration { return rapid.SampledFrom(of).Draw(t, name) }
	o := &modelOp{order: order{id: id, kind: 1 << kind}}
	o.play = emulator.Scenario{
		Queue:   one("queue", 0, 0, second, 3*second, 400*second),
		LookUp:  one("look up", 0, second, 2500*time.Millisecond, 10*second),
		Perform: one("perform", second, 0, 2500*time.Millisecond, 10*second),
		Undo:    one("undo", second, 0, 2500*time.Millisecond, 10*second),
	}
	const always = emulator.Always
	failure := func(name string, times ...int) emulator.Failure {
		f := emulator.Failure{Times: rapid.SampledFrom(times).Draw(t, name+" fails")}
		if f.Times != 0 {
			code := rapid.SampledFrom(append(slices.Concat(retried, givesUp, resumed, []uint32{0, 0x80071C63}), retried...)).Draw(t, name+" fails with")
			f.Code = int32(code)
		}
		return f
	}
	smooth := rapid.IntRange(0, 2).Draw(t, "smooth") == 0
	if !smooth {
		o.play.LookUpFails = failure("look up", 0, 0, 0, 1, 2, always)
		o.play.PerformFails, o.play.UndoFails = failure("perform", 0, 0, 1, 2, always), failure("undo", 0, 0, 1, 2, always)
	}
	if kind == 3 && rapid.IntRange(0, 3).Draw(t, "at once") > 0 { // else hardly any node is ever stopped, and found so
		o.play = emulator.Scenario{Queue: one("queue", 0, second)}
	}
	path := ""
	switch kind {
	case 3:
		o.node = cmp.Or(w.next, rapid.SampledFrom(nodeNames).Draw(t, "node"))
		o.instance = rapid.SampledFrom([]string{"5", "5", "5", "5", "5", "6"}).Draw(t, "instance")
		seconds := rapid.SampledFrom([]int{600, 600, 600, 300, 599, 299, 14400, 14401}).Draw(t, "stop for")
		kind := "Start"
		if o.stop = rapid.Bool().Draw(t, "stop"); o.stop {
			kind, o.length = "Stop", time.Duration(seconds)*second
		}
		path = fmt.Sprintf("/Faults/Nodes/%s/$/StartTransition/?NodeInstanceId=%s&NodeTransitionType=%s&StopDurationInSeconds=%d",
			o.node, o.instance, kind, seconds)
	default:
		p := partitions[0]
		if !smooth {
			p = rapid.SampledFrom(slices.Concat(partitions[:1], partitions[:1], partitions[:1], partitions)).Draw(t, "partition")
		}
		o.target, o.fault = p, p.faults[kind]
		path = fmt.Sprintf("/Faults/Services/%s/$/GetPartitions/%s/$/", p.service, p.id)
		switch kind {
		case 0:
			path += "StartDataLoss?DataLossMode=FullDataLoss"
		case 1:
			o.lasts = one("quorum loss", 0, second, 100*second)
			path += fmt.Sprintf("StartQuorumLoss?QuorumLossMode=AllReplicas&QuorumLossDuration=%d", o.lasts/second)
		case 2:
			mode := rapid.SampledFrom([]string{"AllReplicasOrInstances", "OnlyActiveSecondaries"}).Draw(t, "mode")
			if mode == "OnlyActiveSecondaries" && p.service == "web" {
				o.fault = hrInvalidArgument
			}
			path += "StartRestart?RestartPartitionMode=" + mode
		}
	}
	shortest := 300 * second
	if w.profile == server.Documented {
		shortest = 600 * second
	}
	w.starting = &o.order
	status, code, body := w.send(http.MethodPost, path+"&api-version=6.0&OperationId="+id.String())
	w.starting = nil
	refusal := o.refused(w.ops, shortest)
	want := 202
	if strings.HasSuffix(refusal, "EXISTS") {
		want = 409
	} else if refusal != "" {
		want = 400
	}
	w.expect("start at "+path+" (§5.7)", status, code, want, refusal)
	if refusal != "" {
		return
	}
	if len(body) > 0 {
		t.Errorf("a start answers with a body: %q", body)
	}
	o.due = w.now.Add(o.play.Queue)
	w.ops = append(w.ops, o)
	w.advance()
}

func (w *world) wait(t *rapid.T) {
	w.now = w.now.Add(rapid.SampledFrom([]time.Duration{
		second, 0, 100 * time.Millisecond, 2 * second, 5 * second, 30 * second, 10 * time.Minute, time.Hour,
	}).Draw(t, "wait"))
	w.advance()
}

// waitUntil ends at a moment at which something happens, or next to it.
func (w *world) waitUntil(t *rapid.T) {
	var moments []time.Time
	for _, name := range w.down() {
		moments = append(moments, w.nodes[name].until)
	}
	for _, o := range w.ops {
		if !o.over() {
			moments = append(moments, o.due)
		}
	}
	if len(moments) == 0 {
		return
	}
	slices.SortFunc(moments, time.Time.Compare)
	w.until(t, moments[:min(3, len(moments))]) // on the way to a later one too much goes by
}

// nodeUp starts a transition of a node just when it comes up, or next to it.
func (w *world) nodeUp(t *rapid.T) {
	if down := w.down(); len(down) > 0 {
		w.next = rapid.SampledFrom(down).Draw(t, "of those down")
		w.until(t, []time.Time{w.nodes[w.next].until})
	}
	w.startNode(t)
	w.next = ""
}

// down are the nodes that are going to come up by themselves.
func (w *world) down() []string {
	names := slices.Sorted(maps.Keys(w.nodes))
	return slices.DeleteFunc(names, func(name string) bool { return !w.nodes[name].until.After(w.now) })
}

func (w *world) until(t *rapid.T, moments []time.Time) {
	until := rapid.SampledFrom(moments).Draw(t, "until").Add(rapid.SampledFrom([]time.Duration{0, -1, 1}).Draw(t, "give or take"))
	if until.After(w.now) {
		w.now = until
	}
	w.advance()
}

func (w *world) restart(t *rapid.T) {
	if w.servers[0] != nil { // what is in memory would be lost
		w.must(w.store.Close())
		w.store = w.open()
		w.replace(0)
		w.replace(1)
		return
	}
	w.any(t)
	w.replace(w.turn)
}

// cleanUp removes finished operations if there are too many, and only then, and only old ones (§5.8).
func (w *world) cleanUp(t *rapid.T) {
	w.must(w.any(t).CleanUp(t.Context()))
	var over []*modelOp
	for _, o := range w.ops {
		if o.over() {
			over = append(over, o)
		}
	}
	many := len(over) - limits.MaxStoredActionCount
	over = slices.DeleteFunc(over, func(o *modelOp) bool { return w.now.Sub(o.ended) <= limits.CompletedActionKeepDuration })
	slices.SortFunc(over, func(a, b *modelOp) int { return a.ended.Compare(b.ended) })
	many = max(0, min(many, len(over)))
	listed := w.listed(0xFFFF, 0xFFFF)
	var gone []*modelOp
	for _, o := range w.ops {
		if !slices.ContainsFunc(listed, func(s generated.OperationStatus) bool { return s.OperationID == o.id }) {
			gone = append(gone, o)
		}
	}
	slices.SortFunc(gone, func(a, b *modelOp) int { return a.ended.Compare(b.ended) })
	// Which of two goes that ended at one moment is not said.
	if !slices.EqualFunc(gone, over[:many], func(a, b *modelOp) bool { return a.over() && a.ended.Equal(b.ended) }) {
		t.Errorf("cleaned up %s, want %s (§5.8)", ids(gone), ids(over[:many]))
	}
	w.ops = slices.DeleteFunc(w.ops, func(o *modelOp) bool { return slices.Contains(gone, o) })
	for _, o := range gone {
		delete(w.seen, o.id)
	}
}

func ids(ops []*modelOp) string {
	var all []string
	for _, o := range ops {
		all = append(all, fmt.Sprintf("%s (ended %s)", o.id, o.ended.Format(time.RFC3339Nano)))
	}
	return "[" + strings.Join(all, " ") + "]"
}

// list asks with any filters (§5.10).
func (w *world) list(t *rapid.T) {
	w.any(t)
	filter := func(name string) uint32 {
		return rapid.OneOf(rapid.SampledFrom([]uint32{0xFFFF, 1, 2, 4, 8, 16, 32, 64, 0}), rapid.Uint32Range(0, 0x1FFFF)).Draw(t, name)
	}
	w.filtered(filter("states"), filter("types"))
}

func (w *world) filtered(in, types uint32) {
	got, want, table := map[uuid.UUID]string{}, map[uuid.UUID]string{}, overlap
	if w.profile == server.Documented {
		table = distinct
	}
	for _, s := range w.listed(in, types) {
		got[s.OperationID] = string(s.State)
	}
	for _, o := range w.ops {
		if o.shown(in, types, table) {
			want[o.id] = o.state()
		}
	}
	if !maps.Equal(got, want) {
		w.t.Errorf("StateFilter=%d TypeFilter=%d lists %v, want %v (§5.10)", in, types, got, want)
	}
}

// progress asks for any operation under any address.
func (w *world) progress(t *rapid.T) {
	w.any(t)
	o, id := w.known(t)
	w.progressOf(o, id, rapid.IntRange(0, 3).Draw(t, "address"))
}

// What the model needs of the world.
