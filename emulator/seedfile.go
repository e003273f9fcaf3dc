package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// ParseSeed reads a seed file: the "given" object of a conformance case, as it stands
// there. Everything in it may be left out.
//
//	{
//	  "operations": [{
//	    "id": "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01",
//	    "kind": "PartitionDataLoss",
//	    "step": "PerformingActions",
//	    "rollback": "NotRollingBack",
//	    "errorCode": 0,
//	    "service": "fabric:/app/svc", "partition": "1daae3f5-7fd6-42e9-b1ba-8c05f873994d"
//	  }],
//	  "services": [{"name": "fabric:/app/svc", "kind": "Stateful", "persisted": true,
//	    "partitions": ["1daae3f5-7fd6-42e9-b1ba-8c05f873994d"]}],
//	  "nodes": [{"name": "_Node_0", "instance": "5", "status": "Up", "stoppedByFas": false}],
//	  "service": "ready",
//	  "fabricVersion": "8.2",
//	  "clusterId": "test",
//	  "config": {"MaxStoredActionCount": 10000},
//	  "security": {"mode": "None"}
//	}
//
// Of an operation, id, kind and step are needed. What it is shown as follows from step
// and rollback; see [Record.State]:
//
//	step                         rollback                      shown as
//	IntentSaved (in the queue),  NotRollingBack (default)      Running
//	LookingUpState,              RollingBackAndWillRetryAction Running
//	PerformingActions            RollingBackAndWillFailAction  RollingBack
//	                             RollingBackDueToUserCancel    RollingBack
//	                             RollingBackForce              RollingBack
//	CompletedSuccessfully        NotRollingBack                Completed
//	Failed                       NotRollingBack                Faulted
//	either                       RollingBackDueToUserCancel    Cancelled
//	either                       RollingBackForce              ForceCancelled
//
// It may also say node and instance, transition (Start or Stop), mode and
// durationSeconds; stepKeepsFailing, for one whose every try fails; and ageSeconds, for
// one that ended so long ago. What it does not say of its target is that of
// [DefaultCluster].
//
// Services that are not described are those of [DefaultCluster], and so are nodes; an
// empty list is none. A service is Stateful, persisted and has the partition of
// DefaultCluster unless it says otherwise; a node is Up and has instance 5. "service" is
// an [Availability]. "config" has the names of runtime §5.9; those without an effect
// here are read and forgotten. "security" may also have clientCert, credentials and
// token: they are about the client.
//
// An error names every place where something is wrong, and what is allowed there.
func ParseSeed(data []byte) (Seed, error) {
	var f seedFile
	m := mistakes{decodeFile(data, &f)}
	s := Seed{
		Cluster: DefaultCluster(), Availability: Ready, RuntimeVersion: string(f.FabricVersion), ClusterID: f.ClusterID,
		Settings: f.Config.settings(), Security: SeedSecurity{"None", f.Security.Roles}, digest: digestOf(data),
	}
	for i, op := range f.Operations {
		s.Operations = append(s.Operations, op.read(m.at("operations[%d]", i)))
	}
	if f.Services != nil {
		s.Cluster.Services = nil
	}
	for i, service := range f.Services {
		s.Cluster.Services = append(s.Cluster.Services, service.read(m.at("services[%d]", i)))
	}
	if f.Nodes != nil {
		s.Cluster.Nodes = nil
	}
	for i, node := range f.Nodes {
		s.Cluster.Nodes = append(s.Cluster.Nodes, node.read(m.at("nodes[%d]", i)))
	}
	if f.Service != nil {
		var err error
		s.Availability, err = ParseAvailability(*f.Service)
		m.at("service")(err)
	}
	override(&s.Security.Mode, f.Security.Mode)
	if mode := s.Security.Mode; !slices.Contains([]string{"None", "X509", "AAD", "Windows"}, mode) {
		m.at("security")(fmt.Errorf("mode %q: it must be None, X509, AAD or Windows", mode))
	}
	if c := s.Settings.complete(minStopRuntime); c.StopNodeMinDuration > c.StopNodeMaxDuration {
		m.at("config")(errors.New("StopNodeMinDurationInSeconds is more than StopNodeMaxDurationInSeconds, so no node could be stopped"))
	}
	err := errors.Join(m...)
	if err == nil {
		err = s.contradictions() // of what can be read
	}
	if err != nil {
		return Seed{}, fmt.Errorf("seed file: %w", err)
	}
	return s, nil
}

type seedFile struct {
	Operations    []seedOperation `json:"operations"`
	Services      []seedService   `json:"services"`
	Nodes         []seedNode      `json:"nodes"`
	Service       *string         `json:"service"`
	FabricVersion fabricVersion   `json:"fabricVersion"`
	ClusterID     string          `json:"clusterId"`
	Config        seedConfig      `json:"config"`
	Security      struct {
		Mode        *string `json:"mode"`
		Roles       bool    `json:"roles"`
		ClientCert  any     `json:"clientCert"` // this and the others are the client's
		Credentials any     `json:"credentials"`
		Token       any     `json:"token"`
	} `json:"security"`
}

// contradictions are the places where a seed says two things that cannot both be.
func (s Seed) contradictions() error {
	var errs []error
	twice := func(list string, i int, what, other string) {
		errs = append(errs, fmt.Errorf("%s[%d]: %s: another %s has it", list, i, what, other))
	}
	for i, a := range s.Cluster.Services {
		if slices.ContainsFunc(s.Cluster.Services[:i], func(b Service) bool { return a.Name == b.Name }) {
			twice("services", i, fmt.Sprintf("name %q", a.Name), "service")
		}
	}
	for i, a := range s.Cluster.Nodes {
		if slices.ContainsFunc(s.Cluster.Nodes[:i], func(b Node) bool { return a.Name == b.Name }) {
			twice("nodes", i, fmt.Sprintf("name %q", a.Name), "node")
		}
	}
	ids, held := make(map[uuid.UUID]bool), make(map[string]bool)
	for i, op := range s.Operations {
		if ids[op.ID] {
			twice("operations", i, "id "+op.ID.String(), "operation")
		}
		ids[op.ID] = true
		if node := op.Target.NodeName; node != "" && !op.Terminal() {
			if held[node] {
				errs = append(errs, fmt.Errorf("operations[%d]: node %q is in another transition, and it can be in one only", i, node))
			}
			held[node] = true
		}
	}
	return errors.Join(errs...)
}

type seedService struct {
	Name              string      `json:"name"`
	Kind              string      `json:"kind"`
	Persisted         *bool       `json:"persisted"`
	HasPersistedState *bool       `json:"hasPersistedState"` // its name in a service description
	Partitions        []uuid.UUID `json:"partitions"`
}

func (f seedService) read(wrong func(error)) Service {
	s := Service{Name: f.Name, Stateless: f.Kind == "Stateless", Partitions: DefaultCluster().Services[0].Partitions}
	if f.Partitions != nil {
		s.Partitions = append([]uuid.UUID(nil), f.Partitions...)
	}
	if persisted := cmp.Or(f.Persisted, f.HasPersistedState); persisted != nil {
		s.Volatile = !s.Stateless && !*persisted
	}
	if !strings.HasPrefix(f.Name, fabricScheme) {
		wrong(fmt.Errorf("name %q: it must begin with %s", f.Name, fabricScheme))
	}
	if f.Kind != "" && f.Kind != "Stateless" && f.Kind != "Stateful" {
		wrong(fmt.Errorf("kind %q: it must be Stateful or Stateless", f.Kind))
	}
	return s
}

type seedNode struct {
	Name         string   `json:"name"`
	Instance     instance `json:"instance"`
	Status       string   `json:"status"`
	StoppedByFAS bool     `json:"stoppedByFas"`
}

func (f seedNode) read(wrong func(error)) Node {
	if f.Name == "" {
		wrong(errors.New("name is missing"))
	}
	if f.Status != "" && f.Status != "Up" && f.Status != "Down" {
		wrong(fmt.Errorf("status %q: it must be Up or Down", f.Status))
	}
	return Node{Name: f.Name, InstanceID: cmp.Or(string(f.Instance), defaultInstance), Down: f.Status == "Down", Stopped: f.StoppedByFAS}
}

// seedConfig has the names of the runtime (§5.9).
type seedConfig struct {
	MaxStoredActionCount, ConcurrentRequests                                   count
	CompletedActionKeepDurationInSeconds, StoredActionCleanupIntervalInSeconds count
	CommandStepRetryBackoffInSeconds                                           count
	StopNodeMinDurationInSeconds, StopNodeMaxDurationInSeconds                 count

	RequestTimeoutInSeconds, OperationTimeoutInSeconds                     count // without an effect, as those below
	DataLossCheckWaitDurationInSeconds, DataLossCheckPollIntervalInSeconds count
	ReplicaDropWaitDurationInSeconds                                       count
}

func (c seedConfig) settings() Settings {
	return Settings{
		MaxStoredActionCount:        int(c.MaxStoredActionCount),
		CompletedActionKeepDuration: time.Duration(c.CompletedActionKeepDurationInSeconds) * time.Second,
		StoredActionCleanupInterval: time.Duration(c.StoredActionCleanupIntervalInSeconds) * time.Second,
		CommandStepRetryBackoff:     time.Duration(c.CommandStepRetryBackoffInSeconds) * time.Second,
		StopNodeMinDuration:         time.Duration(c.StopNodeMinDurationInSeconds) * time.Second,
		StopNodeMaxDuration:         time.Duration(c.StopNodeMaxDurationInSeconds) * time.Second,
		ConcurrentRequests:          int(c.ConcurrentRequests),
	}
}

type seedOperation struct {
	ID               *uuid.UUID                   `json:"id"`
	Kind             generated.OperationType      `json:"kind"`
	Step             Step                         `json:"step"`
	Rollback         *Rollback                    `json:"rollback"`
	ErrorCode        int32                        `json:"errorCode"`
	Service          *string                      `json:"service"`
	Partition        *uuid.UUID                   `json:"partition"`
	Node             *string                      `json:"node"`
	Instance         instance                     `json:"instance"`
	Transition       generated.NodeTransitionType `json:"transition"`
	Mode             string                       `json:"mode"`
	DurationSeconds  uint32                       `json:"durationSeconds"`
	AgeSeconds       uint32                       `json:"ageSeconds"`
	StepKeepsFailing bool                         `json:"stepKeepsFailing"`
}

func (f seedOperation) read(wrong func(error)) SeedOperation {
	r := Record{Kind: f.Kind, Step: f.Step, Rollback: NotRollingBack, ErrorCode: f.ErrorCode, Target: defaultTarget(f.Kind)}
	override(&r.ID, f.ID)
	override(&r.Rollback, f.Rollback)
	r.Target.Mode = f.Mode
	if f.Kind == generated.OperationTypeNodeTransition {
		override(&r.Target.NodeName, f.Node)
		r.Target.NodeInstanceID = cmp.Or(string(f.Instance), r.Target.NodeInstanceID)
		r.Target.Transition = cmp.Or(f.Transition, r.Target.Transition)
	} else {
		override(&r.Target.ServiceName, f.Service)
		override(&r.Target.PartitionID, f.Partition)
	}
	r.Target.Duration = cmp.Or(time.Duration(f.DurationSeconds)*time.Second, r.Target.Duration)
	if f.StepKeepsFailing {
		r.Scenario = keepsFailing(f.Kind)
	}
	if f.ID == nil {
		wrong(errors.New("id is missing"))
	}
	if f.Service != nil && !strings.HasPrefix(*f.Service, fabricScheme) {
		wrong(fmt.Errorf("service %q: it must begin with %s", *f.Service, fabricScheme))
	}
	wrong(r.check())
	return SeedOperation{Record: r, Age: time.Duration(f.AgeSeconds) * time.Second}
}

func override[T any](into *T, value *T) {
	if value != nil {
		*into = *value
	}
}

// keepsFailing is the scenario of an operation that gets nowhere: whatever it tries,
// forward or back, fails in a way after which it tries again.
func keepsFailing(kind generated.OperationType) Scenario {
	f := Failure{Times: Always, Code: hresultTimeout}
	if deafToGraceful(kind) {
		f.Code = hresultFail
	}
	s := DefaultScenario()
	s.LookUpFails, s.PerformFails, s.UndoFails = f, f, f
	return s
}
