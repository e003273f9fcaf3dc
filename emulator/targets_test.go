package emulator_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
)

// The HRESULTs of runtime §4.2 and §5.6, as a progress call shows them.
const (
	serviceDoesNotExist    = -2147017779
	partitionNotFound      = -2147017753
	invalidForStateless    = -2147017616
	onlyStatefulPersistent = -2147017615
	invalidArg             = -2147024809

	nodeNotFound       = -2147017789
	nodeIsUp           = -2147017788
	nodeIsDown         = -2147017633
	alreadyStopped     = -2147017634
	instanceIDMismatch = -2147017680
)

const (
	aPartition    = "1daae3f5-7fd6-42e9-b1ba-8c05f873994d"
	noPartition   = "00000000-0000-0000-0000-000000000000"
	restartsAll   = "RestartPartitionMode=AllReplicasOrInstances"
	restartsOnly  = "RestartPartitionMode=OnlyActiveSecondaries"
	dataLossFull  = "DataLossMode=FullDataLoss"
	quorumLossAll = "QuorumLossMode=AllReplicas&QuorumLossDuration=0"
)

// shown is what a progress call says.
type shown struct {
	State  generated.OperationState
	Result *shownResult
}

type shownResult struct {
	ErrorCode         int32
	SelectedPartition struct{ ServiceName, PartitionID string }
	NodeResult        struct{ NodeName, NodeInstanceID string }
}

// progress asks for an operation of the n-th kind.
func (c *cluster) progress(n int, id uuid.UUID) shown {
	c.t.Helper()
	a := c.send(http.MethodGet, kinds[n].progress+"?api-version=6.0&OperationId="+id.String())
	var body map[string]json.RawMessage
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != http.StatusOK {
		c.t.Fatalf("progress of %s: %+v (%v)", id, a, err)
	}
	var s shown
	if err := json.Unmarshal(body["State"], &s.State); err != nil {
		c.t.Fatal(err)
	}
	if raw, ok := body[kinds[n].result]; ok {
		if err := json.Unmarshal(raw, &s.Result); err != nil {
			c.t.Fatal(err)
		}
	}
	return s
}

// ends checks the state that a progress call shows and the number of its result, which
// is there in Completed and Faulted only (§6).
func (c *cluster) ends(n int, id uuid.UUID, state generated.OperationState, code int32) shownResult {
	c.t.Helper()
	got := c.progress(n, id)
	hasResult := state == generated.OperationStateCompleted || state == generated.OperationStateFaulted
	if got.State != state || (got.Result != nil) != hasResult {
		c.t.Errorf("shown as %+v, want %s", got, state)
		return shownResult{}
	}
	if !hasResult {
		return shownResult{}
	}
	if got.Result.ErrorCode != code {
		c.t.Errorf("the code is %d, want %d", got.Result.ErrorCode, code)
	}
	return *got.Result
}

func (c *cluster) setCluster(is emulator.Cluster) {
	c.t.Helper()
	if err := c.engine.SetCluster(c.t.Context(), is); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) node(name string) (emulator.Node, bool) {
	c.t.Helper()
	n, ok, err := c.engine.Node(c.t.Context(), name)
	if err != nil {
		c.t.Fatal(err)
	}
	return n, ok
}

// threeServices is one service of each sort, with a partition each.
func threeServices() []emulator.Service {
	partitions := []uuid.UUID{uuid.MustParse(aPartition)}
	return []emulator.Service{
		{Name: "fabric:/shop/orders", Partitions: partitions},
		{Name: "fabric:/shop/cache", Volatile: true, Partitions: partitions},
		{Name: "fabric:/shop/web", Stateless: true, Partitions: partitions},
	}
}

// TestTargetsOfPartitionKinds is runtime §5.6: what is wrong with a target is found out
// after the 202, and ends the operation as Faulted.
func TestTargetsOfPartitionKinds(t *testing.T) {
	const (
		dataLoss, quorumLoss, restart = 0, 1, 2
		other                         = "2daae3f5-7fd6-42e9-b1ba-8c05f873994d"
	)
	c := newCluster(t, server.Documented, nil)
	c.setCluster(emulator.Cluster{Services: threeServices()})
	for _, tt := range []struct {
		name                           string
		kind                           int
		service, partition, parameters string
		code                           int32
	}{
		{"data loss: sound", dataLoss, "shop~orders", aPartition, dataLossFull, 0},
		{"data loss: unknown service", dataLoss, "shop~gone", aPartition, dataLossFull, serviceDoesNotExist},
		{"data loss: names differ by case", dataLoss, "shop~Orders", aPartition, dataLossFull, serviceDoesNotExist},
		{"data loss: part of a name", dataLoss, "shop", aPartition, dataLossFull, serviceDoesNotExist},
		{"data loss: unknown partition", dataLoss, "shop~orders", other, dataLossFull, partitionNotFound},
		{"data loss: volatile will do", dataLoss, "shop~cache", aPartition, dataLossFull, 0},
		{"data loss: stateless", dataLoss, "shop~web", aPartition, dataLossFull, invalidForStateless},
		{"data loss: stateless is found out before the partition", dataLoss, "shop~web", other, dataLossFull, invalidForStateless},

		{"quorum loss: sound", quorumLoss, "shop~orders", aPartition, quorumLossAll, 0},
		{"quorum loss: unknown service", quorumLoss, "shop~gone", aPartition, quorumLossAll, serviceDoesNotExist},
		{"quorum loss: unknown partition", quorumLoss, "shop~orders", other, quorumLossAll, partitionNotFound},
		{"quorum loss: volatile", quorumLoss, "shop~cache", aPartition, quorumLossAll, onlyStatefulPersistent},
		{"quorum loss: stateless", quorumLoss, "shop~web", aPartition, quorumLossAll, onlyStatefulPersistent},

		{"restart: sound", restart, "shop~orders", aPartition, restartsAll, 0},
		{"restart: sound, secondaries only", restart, "shop~orders", aPartition, restartsOnly, 0},
		{"restart: unknown service", restart, "shop~gone", aPartition, restartsAll, serviceDoesNotExist},
		{"restart: unknown service, secondaries only", restart, "shop~gone", aPartition, restartsOnly, serviceDoesNotExist},
		{"restart: unknown partition", restart, "shop~orders", other, restartsAll, partitionNotFound},
		{"restart: unknown partition of a stateless service", restart, "shop~web", other, restartsAll, partitionNotFound},
		{"restart: volatile will do", restart, "shop~cache", aPartition, restartsOnly, 0},
		{"restart: stateless will do", restart, "shop~web", aPartition, restartsAll, 0},
		{"restart: stateless has no secondaries", restart, "shop~web", aPartition, restartsOnly, invalidArg},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.t = t
			id := uuid.New()
			path := "/Faults/Services/" + tt.service + "/$/GetPartitions/" + tt.partition + "/$/" +
				map[int]string{dataLoss: "StartDataLoss", quorumLoss: "StartQuorumLoss", restart: "StartRestart"}[tt.kind] +
				"?api-version=6.0&OperationId=" + id.String() + "&" + tt.parameters
			if a := c.send(http.MethodPost, path); a.status != http.StatusAccepted {
				t.Fatalf("§5.6: a target is not looked at before the 202: %+v", a)
			}
			c.ends(tt.kind, id, generated.OperationStateRunning, 0)
			c.pass(10 * second)
			state, partition := generated.OperationStateCompleted, tt.partition
			if tt.code != 0 {
				state, partition = generated.OperationStateFaulted, noPartition
			}
			got := c.ends(tt.kind, id, state, tt.code)
			service := "fabric:/shop"
			if tt.service != "shop" {
				service += "/" + tt.service[len("shop~"):]
			}
			if got.SelectedPartition.PartitionID != partition || got.SelectedPartition.ServiceName != service {
				t.Errorf("selected %+v, want %s of %s", got.SelectedPartition, partition, service)
			}
		})
	}
}

// §6: a look-up that succeeded has told the partition, whatever comes after it.
func TestPartitionIsKnownOnceLookedUp(t *testing.T) {
	c := newCluster(t, server.Documented, nil, emulator.WithScenario(func(emulator.Record) emulator.Scenario {
		return emulator.Scenario{PerformFails: always(partitionNotFound)}
	}))
	for n := range kinds[:3] {
		id := c.start(n)
		if got := c.ends(n, id, generated.OperationStateFaulted, partitionNotFound); got.SelectedPartition.PartitionID != aPartition {
			t.Errorf("%s: selected %+v", kinds[n].kind, got.SelectedPartition)
		}
	}
}

// A target that is found out to be wrong is undone like any other failure, which can be
// cancelled.
func TestCancelWhileABadTargetIsUndone(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	c.setCluster(emulator.Cluster{})
	id := c.start(0)
	c.pass(2 * second)
	c.ends(0, id, generated.OperationStateRollingBack, 0)
	if a := c.cancel(id, "false"); a.status != http.StatusOK {
		t.Errorf("%+v", a)
	}
	c.pass(second)
	c.ends(0, id, generated.OperationStateCancelled, 0)
}

// transition starts a transition and returns its id.
func (c *cluster) transition(node, kind, instance string) uuid.UUID {
	c.t.Helper()
	id := uuid.New()
	if a := c.tryTransition(id, node, kind, instance); a.status != http.StatusAccepted {
		c.t.Fatalf("%s of %s: %+v", kind, node, a)
	}
	return id
}

func (c *cluster) tryTransition(id uuid.UUID, node, kind, instance string) answer {
	c.t.Helper()
	return c.send(http.MethodPost, "/Faults/Nodes/"+node+"/$/StartTransition/?api-version=6.0&OperationId="+id.String()+
		"&NodeTransitionType="+kind+"&NodeInstanceId="+instance+"&StopDurationInSeconds=600")
}

const transitionKind = 3 // of kinds

// TestTargetsOfNodeTransitions is runtime §5.6, and what it leaves of the node.
func TestTargetsOfNodeTransitions(t *testing.T) {
	up := emulator.Node{Name: "_Node_0", InstanceID: "5"}
	stopped := emulator.Node{Name: "_Node_0", InstanceID: "5", Down: true, Stopped: true}
	dead := emulator.Node{Name: "_Node_0", InstanceID: "5", Down: true}
	returned := emulator.Node{Name: "_Node_0", InstanceID: "5", Stopped: true}
	nobody := emulator.Node{}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	stoppedNow := stopped
	stoppedNow.Until = begin.Add(3*second + 600*second) // after three steps of a second
	for _, tt := range []struct {
		name           string
		is             emulator.Node
		kind, instance string
		code           int32
		after          emulator.Node
	}{
		{"stop: up", up, "Stop", "5", 0, stoppedNow},
		{"stop: unknown", nobody, "Stop", "5", nodeNotFound, nobody},
		{"stop: stopped", stopped, "Stop", "5", alreadyStopped, stopped},
		{"stop: down for another reason", dead, "Stop", "5", nodeIsDown, dead},
		{"stop: up but recorded as stopped", returned, "Stop", "5", 0, stoppedNow},
		{"stop: another instance", up, "Stop", "6", instanceIDMismatch, up},
		{"stop: another instance, and the record is put right", returned, "Stop", "6", instanceIDMismatch, up},
		{"stop: the state is found out before the instance", stopped, "Stop", "6", alreadyStopped, stopped},

		{"start: stopped", stopped, "Start", "5", 0, up},
		{"start: unknown", nobody, "Start", "5", nodeNotFound, nobody},
		{"start: up", up, "Start", "5", nodeIsUp, up},
		{"start: up but recorded as stopped, which is put right", returned, "Start", "5", nodeIsUp, up},
		{"start: down for another reason", dead, "Start", "5", nodeIsDown, dead},
		{"start: another instance", stopped, "Start", "6", instanceIDMismatch, stopped},
		{"start: the state is found out before the instance", up, "Start", "6", nodeIsUp, up},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster(t, server.Documented, nil)
			bystander := emulator.Node{Name: "_node_0", InstanceID: "5"} // names differ by case
			nodes := []emulator.Node{bystander}
			if tt.is.Name != "" {
				nodes = append(nodes, tt.is)
			}
			c.setCluster(emulator.Cluster{Nodes: nodes})
			id := c.transition("_Node_0", tt.kind, tt.instance)
			c.ends(transitionKind, id, generated.OperationStateRunning, 0)
			if n, _ := c.node("_Node_0"); n != tt.is {
				t.Errorf("before it was looked up the node is %+v", n)
			}
			c.pass(10 * second)
			state := generated.OperationStateCompleted
			if tt.code != 0 {
				state = generated.OperationStateFaulted
			}
			got := c.ends(transitionKind, id, state, tt.code)
			if got.NodeResult.NodeName != "_Node_0" || got.NodeResult.NodeInstanceID != tt.instance {
				t.Errorf("§6: the result repeats the request: %+v", got.NodeResult)
			}
			if n, ok := c.node("_Node_0"); n != tt.after || ok != (tt.after.Name != "") {
				t.Errorf("the node is %+v (%t), want %+v", n, ok, tt.after)
			}
			if n, ok := c.node("_node_0"); n != bystander || !ok {
				t.Errorf("another node became %+v", n)
			}
		})
	}
}

// TestNodeAfterACancel is the last rows of runtime §5.3: what a cancel leaves of the node
// that was to be stopped, after one second each in the queue, the look-up and the stop.
func TestNodeAfterACancel(t *testing.T) {
	type call struct {
		after time.Duration // since the call before
		force string
	}
	for _, tt := range []struct {
		name  string
		calls []call
		fails int32
		state generated.OperationState
		down  bool
	}{
		{"nobody interferes", nil, 0, generated.OperationStateCompleted, true},
		{"it fails", nil, instanceIDMismatch, generated.OperationStateFaulted, false},
		{"graceful in the queue: it runs to its end", []call{{0, "false"}}, 0, generated.OperationStateCancelled, true},
		{"graceful in the last step", []call{{2500 * millisecond, "false"}}, 0, generated.OperationStateCancelled, true},
		{"graceful, and it fails", []call{{0, "false"}}, instanceIDMismatch, generated.OperationStateCancelled, false},
		{"force in the queue", []call{{0, "false"}, {0, "true"}}, 0, generated.OperationStateForceCancelled, false},
		{"force in the look-up", []call{{1500 * millisecond, "false"}, {0, "true"}}, 0, generated.OperationStateForceCancelled, false},
		{"force in the last step, which goes to its end", []call{{2500 * millisecond, "false"}, {0, "true"}}, 0, generated.OperationStateForceCancelled, true},
		{"force in the last step, which fails", []call{{2500 * millisecond, "false"}, {0, "true"}}, instanceIDMismatch, generated.OperationStateForceCancelled, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster(t, server.Runtime, nil)
			is := emulator.Node{Name: "_Node_0", InstanceID: "5"}
			if tt.fails != 0 {
				is.InstanceID = "6"
			}
			c.setCluster(emulator.Cluster{Nodes: []emulator.Node{is}})
			id := c.transition("_Node_0", "Stop", "5")
			for _, call := range tt.calls {
				c.pass(call.after)
				if a := c.cancel(id, call.force); a.status != http.StatusOK {
					t.Fatalf("Force=%s: %+v", call.force, a)
				}
				if a := c.tryTransition(uuid.New(), "_Node_0", "Start", "5"); a.code != generated.ErrorCodeNodeTransitionInProgress {
					t.Errorf("the node is given away before the operation is over: %+v", a)
				}
			}
			c.pass(10 * second)
			c.ends(transitionKind, id, tt.state, tt.fails)
			if n, _ := c.node("_Node_0"); n.Down != tt.down || n.Stopped != tt.down || n.Until.IsZero() == tt.down {
				t.Errorf("the node is %+v", n)
			}
			// §5.7: it is free again, and the next transition finds it as it is now.
			next := c.transition("_Node_0", "Start", is.InstanceID)
			c.pass(10 * second)
			if tt.down {
				c.ends(transitionKind, next, generated.OperationStateCompleted, 0)
			} else {
				c.ends(transitionKind, next, generated.OperationStateFaulted, nodeIsUp)
			}
		})
	}
}

// A node that was stopped for 600 s, from the third second on, comes up by itself. The
// table does not notice until the next transition.
func TestNodeComesUpByItself(t *testing.T) {
	one := func(t *testing.T) *cluster {
		c := newCluster(t, server.Documented, nil)
		c.setCluster(emulator.Cluster{Nodes: []emulator.Node{{Name: "_Node_0", InstanceID: "5"}}})
		c.transition("_Node_0", "Stop", "5")
		return c
	}
	up := emulator.Node{Name: "_Node_0", InstanceID: "5"}
	t.Run("when its time is over", func(t *testing.T) {
		c := one(t)
		c.pass(603*second - 1)
		if n, _ := c.node("_Node_0"); !n.Down || !n.Stopped {
			t.Errorf("just before the end it is %+v", n)
		}
		c.pass(1)
		if n, _ := c.node("_Node_0"); n.Down || !n.Stopped || !n.Until.IsZero() {
			t.Errorf("at the end it is %+v", n)
		}
	})
	t.Run("and can be stopped again", func(t *testing.T) {
		c := one(t)
		c.pass(603 * second)
		again := c.transition("_Node_0", "Stop", "5")
		c.pass(3 * second)
		c.ends(transitionKind, again, generated.OperationStateCompleted, 0)
		if n, _ := c.node("_Node_0"); !n.Down || !n.Stopped {
			t.Errorf("it is %+v", n)
		}
	})
	t.Run("and a start repairs the table", func(t *testing.T) {
		c := one(t)
		c.pass(603 * second)
		id := c.transition("_Node_0", "Start", "5")
		c.pass(3 * second)
		c.ends(transitionKind, id, generated.OperationStateFaulted, nodeIsUp)
		if n, _ := c.node("_Node_0"); n != up {
			t.Errorf("it is %+v", n)
		}
	})
	t.Run("while a start is in the queue", func(t *testing.T) {
		c := one(t)
		c.pass(601*second + 500*millisecond) // its look-up ends half a second after the node came up
		id := c.transition("_Node_0", "Start", "5")
		c.pass(3 * second)
		c.ends(transitionKind, id, generated.OperationStateFaulted, nodeIsUp)
		if n, _ := c.node("_Node_0"); n != up {
			t.Errorf("it is %+v", n)
		}
	})
	t.Run("while a start acts, which counts as success", func(t *testing.T) {
		c := one(t)
		c.pass(600*second + 500*millisecond)
		id := c.transition("_Node_0", "Start", "5")
		c.pass(3 * second)
		c.ends(transitionKind, id, generated.OperationStateCompleted, 0)
		if n, _ := c.node("_Node_0"); n != up {
			t.Errorf("it is %+v", n)
		}
	})
}

// §5.7: one live transition a node, start or stop; names differ by case.
func TestOneTransitionANode(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	for _, first := range []string{"Start", "Stop"} {
		for _, second := range []string{"Start", "Stop"} {
			node := first + second
			id := c.transition(node, first, "5")
			if a := c.tryTransition(uuid.New(), node, second, "5"); a.status != http.StatusBadRequest || a.code != generated.ErrorCodeNodeTransitionInProgress {
				t.Errorf("%s after %s: %+v", second, first, a)
			}
			if a := c.tryTransition(id, node, second, "5"); a.code != generated.ErrorCodeNodeTransitionInProgress {
				t.Errorf("the node comes before the id: %+v", a)
			}
			c.transition("other"+node, second, "5")
		}
	}
	c.transition("startstart", "Stop", "5")
	c.transition("STARTSTART", "Stop", "5")
}

// §5.7: a start that is refused for its id leaves the node free.
func TestARefusedStartLeavesTheNodeFree(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	if a := c.tryTransition(c.start(0), "_Node_0", "Stop", "5"); a.code != generated.ErrorCodeTestCommandOperationIDAlreadyExists {
		t.Errorf("%+v", a)
	}
	c.transition("_Node_0", "Stop", "5")
}

// Any number of emulators on one store are one cluster.
func TestTwoEmulatorsHaveOneCluster(t *testing.T) {
	shared := memory.New()
	defer shared.Close()
	ours, other := newCluster(t, server.Documented, shared), newCluster(t, server.Documented, shared)
	both := func(d time.Duration) { ours.pass(d); other.pass(d) }
	ours.setCluster(emulator.Cluster{
		Services: threeServices(),
		Nodes:    []emulator.Node{{Name: "_Node_0", InstanceID: "5"}},
	})
	gone := uuid.New()
	if a := other.send(http.MethodPost, "/Faults/Services/gone/$/GetPartitions/"+aPartition+"/$/StartDataLoss?api-version=6.0&OperationId="+gone.String()+"&"+dataLossFull); a.status != http.StatusAccepted {
		t.Fatalf("%+v", a)
	}
	stop := other.transition("_Node_0", "Stop", "5")
	if a := ours.tryTransition(uuid.New(), "_Node_0", "Start", "5"); a.code != generated.ErrorCodeNodeTransitionInProgress {
		t.Errorf("%+v", a)
	}
	both(10 * second)
	ours.ends(0, gone, generated.OperationStateFaulted, serviceDoesNotExist)
	ours.ends(transitionKind, stop, generated.OperationStateCompleted, 0)
	if n, _ := ours.node("_Node_0"); !n.Down || !n.Stopped {
		t.Errorf("the node is %+v", n)
	}
	start := ours.transition("_Node_0", "Start", "5")
	if a := other.tryTransition(uuid.New(), "_Node_0", "Stop", "5"); a.code != generated.ErrorCodeNodeTransitionInProgress {
		t.Errorf("%+v", a)
	}
	both(10 * second)
	if n, _ := other.node("_Node_0"); n.Down || n.Stopped {
		t.Errorf("the node is %+v", n)
	}
	other.ends(transitionKind, start, generated.OperationStateCompleted, 0)

	// What one says of the cluster takes the place of what the other said.
	other.setCluster(emulator.Cluster{})
	if _, ok := ours.node("_Node_0"); ok {
		t.Error("a node that was taken away is there")
	}
	lost := ours.transition("_Node_0", "Stop", "5")
	both(10 * second)
	ours.ends(transitionKind, lost, generated.OperationStateFaulted, nodeNotFound)
}

// Until SetCluster everything exists.
func TestAnOpenCluster(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	for n := range kinds {
		id := c.start(n)
		c.pass(10 * second)
		c.ends(n, id, generated.OperationStateCompleted, 0)
	}
	if n, ok := c.node("never heard of"); !ok || n.Down || n.Stopped || n.Name != "never heard of" {
		t.Errorf("a node that nothing is known of is %+v, %t", n, ok)
	}
	start := c.transition("other", "Start", "9")
	c.pass(10 * second)
	c.ends(transitionKind, start, generated.OperationStateFaulted, nodeIsUp)

	// A node that was stopped is remembered.
	other := c.transition("_Node_0", "Start", "6")
	c.pass(10 * second)
	c.ends(transitionKind, other, generated.OperationStateFaulted, instanceIDMismatch)
	if n, ok := c.node("_Node_0"); !ok || !n.Down || n.InstanceID != "5" {
		t.Errorf("the node that was stopped is %+v, %t", n, ok)
	}
}

// Operations that were accepted before SetCluster go on with what they found.
func TestSetClusterMeanwhile(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	var ids []uuid.UUID
	for n := range kinds {
		ids = append(ids, c.start(n))
	}
	c.setCluster(emulator.Cluster{})
	c.pass(10 * second)
	for n, id := range ids {
		c.ends(n, id, generated.OperationStateCompleted, 0)
	}
}

// "no others do" holds also when a transition ends that was accepted before.
func TestSetClusterIsNotUndoneByAnOldTransition(t *testing.T) {
	for _, swept := range []bool{false, true} {
		c := newCluster(t, server.Documented, nil)
		c.setCluster(emulator.Cluster{Nodes: []emulator.Node{{Name: "gone", InstanceID: "5"}, {Name: "kept", InstanceID: "5"}}})
		c.transition("gone", "Stop", "5")
		c.transition("kept", "Stop", "5")
		kept := emulator.Node{Name: "kept", InstanceID: "77"}
		c.setCluster(emulator.Cluster{Nodes: []emulator.Node{kept}})
		c.pass(10 * second)
		if swept {
			if err := c.engine.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n, ok := c.node("gone"); ok {
			t.Errorf("a node that was taken away came back as %+v", n)
		}
		if n, _ := c.node("kept"); n != kept {
			t.Errorf("a node that was described anew is %+v", n)
		}
	}
}

// As the comment of SetCluster has it: the instance of a node that nobody described is
// the one that the first request about it names.
func TestFirstRequestNamesTheInstance(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	first := c.transition("_Node_0", "Start", "5")
	c.pass(10 * second)
	c.ends(transitionKind, first, generated.OperationStateFaulted, nodeIsUp)
	second := c.transition("_Node_0", "Stop", "6")
	c.pass(10_000 * millisecond)
	c.ends(transitionKind, second, generated.OperationStateFaulted, instanceIDMismatch)
}

// A force in the queue means that nobody looked: nothing is put right either.
func TestForceInTheQueueRepairsNothing(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	is := emulator.Node{Name: "_Node_0", InstanceID: "5", Stopped: true}
	c.setCluster(emulator.Cluster{Nodes: []emulator.Node{is}})
	id := c.transition("_Node_0", "Stop", "5")
	c.cancel(id, "false")
	c.cancel(id, "true")
	c.pass(10 * second)
	c.ends(transitionKind, id, generated.OperationStateForceCancelled, 0)
	if n, _ := c.node("_Node_0"); n != is {
		t.Errorf("the node is %+v", n)
	}
}
