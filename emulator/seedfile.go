package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
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
// Of an operation, id, kind and step are needed. It may also say node and instance,
// transition (Start or Stop), mode and durationSeconds; stepKeepsFailing, for one whose
// every try fails; and ageSeconds, for one that ended so long ago. A cluster that is
// not described is [DefaultCluster]. "service" is an [Availability]. "config" has the
// names of runtime §5.9; those without an effect here are read and forgotten.
func ParseSeed(data []byte) (Seed, error) {
	var file seedFile
	if err := decodeStrict(data, &file); err != nil {
		return Seed{}, fmt.Errorf("seed file: %w", err)
	}
	s, err := file.seed()
	if err != nil {
		return Seed{}, fmt.Errorf("seed file: %w", err)
	}
	s.digest = digestOf(data)
	return s, nil
}

type seedFile struct {
	Operations    []seedOperation            `json:"operations"`
	Services      *[]seedService             `json:"services"`
	Nodes         *[]seedNode                `json:"nodes"`
	Service       *string                    `json:"service"`
	FabricVersion string                     `json:"fabricVersion"`
	ClusterID     string                     `json:"clusterId"`
	Config        map[string]json.RawMessage `json:"config"`
	Security      seedSecurity               `json:"security"`
}

// seedSecurity also says what the client of the case shows; that is the client's affair.
type seedSecurity struct {
	Mode        string          `json:"mode"`
	Roles       bool            `json:"roles"`
	ClientCert  json.RawMessage `json:"clientCert"`
	Credentials json.RawMessage `json:"credentials"`
	Token       json.RawMessage `json:"token"`
}

func (f seedFile) seed() (Seed, error) {
	s := Seed{Cluster: DefaultCluster(), Availability: Ready, RuntimeVersion: f.FabricVersion, ClusterID: f.ClusterID}
	var errs []error
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	if f.Services != nil {
		s.Cluster.Services = nil
		for i, in := range *f.Services {
			out, err := in.service()
			if err == nil && slices.ContainsFunc(s.Cluster.Services, func(other Service) bool { return other.Name == out.Name }) {
				err = fmt.Errorf("name %q: another service has it", out.Name)
			}
			note(inList("services", i, err))
			s.Cluster.Services = append(s.Cluster.Services, out)
		}
	}
	if f.Nodes != nil {
		s.Cluster.Nodes = nil
		for i, in := range *f.Nodes {
			out, err := in.node()
			if err == nil && slices.ContainsFunc(s.Cluster.Nodes, func(other Node) bool { return other.Name == out.Name }) {
				err = fmt.Errorf("name %q: another node has it", out.Name)
			}
			note(inList("nodes", i, err))
			s.Cluster.Nodes = append(s.Cluster.Nodes, out)
		}
	}
	ids := make(map[uuid.UUID]bool)
	for i, in := range f.Operations {
		op, err := in.operation()
		if err == nil && ids[op.ID] {
			err = fmt.Errorf("id %s: another operation has it", op.ID)
		}
		note(inList("operations", i, err))
		ids[op.ID] = true
		s.Operations = append(s.Operations, op)
	}
	var err error
	if f.Service != nil {
		s.Availability, err = ParseAvailability(*f.Service)
		note(err)
	}
	s.Settings, err = parseConfig(f.Config)
	note(err)
	s.Security = SeedSecurity{Mode: f.Security.Mode, Roles: f.Security.Roles}
	switch f.Security.Mode {
	case "":
		s.Security.Mode = "None"
	case "None", "X509", "AAD", "Windows":
	default:
		note(fmt.Errorf("security.mode %q: it must be None, X509, AAD or Windows", f.Security.Mode))
	}
	return s, errors.Join(errs...)
}

func inList(list string, i int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s[%d]: %w", list, i, err)
}

type seedService struct {
	Name              string      `json:"name"`
	Kind              string      `json:"kind"`
	Persisted         *bool       `json:"persisted"`
	HasPersistedState *bool       `json:"hasPersistedState"` // as the service description has it
	Partitions        []uuid.UUID `json:"partitions"`
}

func (in seedService) service() (Service, error) {
	out := Service{Name: in.Name, Partitions: in.Partitions, Stateless: in.Kind == "Stateless"}
	for _, persisted := range []*bool{in.Persisted, in.HasPersistedState} {
		out.Volatile = out.Volatile || persisted != nil && !*persisted && !out.Stateless
	}
	if in.Partitions == nil {
		out.Partitions = DefaultCluster().Services[0].Partitions
	}
	if !strings.HasPrefix(in.Name, "fabric:/") {
		return out, fmt.Errorf("name %q: it must begin with fabric:/", in.Name)
	}
	if in.Kind != "" && in.Kind != "Stateless" && in.Kind != "Stateful" {
		return out, fmt.Errorf("kind %q: it must be Stateful or Stateless", in.Kind)
	}
	return out, nil
}

type seedNode struct {
	Name         string       `json:"name"`
	Instance     seedInstance `json:"instance"`
	Status       string       `json:"status"`
	StoppedByFas bool         `json:"stoppedByFas"`
}

func (in seedNode) node() (Node, error) {
	out := Node{Name: in.Name, InstanceID: in.Instance.or(defaultInstance), Down: in.Status == "Down", Stopped: in.StoppedByFas}
	if in.Name == "" {
		return out, errors.New("name is missing")
	}
	if in.Status != "" && in.Status != "Up" && in.Status != "Down" {
		return out, fmt.Errorf("status %q: it must be Up or Down", in.Status)
	}
	return out, nil
}

// seedInstance is a node's instance id, a decimal text or a number; 0 is none.
type seedInstance uint64

func (n *seedInstance) UnmarshalJSON(data []byte) error {
	parsed, err := strconv.ParseUint(strings.Trim(string(data), `"`), 10, 64)
	if err != nil || parsed == 0 {
		return fmt.Errorf("%s: an instance is a number from 1 to 18446744073709551615", data)
	}
	*n = seedInstance(parsed)
	return nil
}

func (n seedInstance) or(instance string) string {
	if n == 0 {
		return instance
	}
	return strconv.FormatUint(uint64(n), 10)
}

// parseConfig reads settings by their names in the runtime (§5.9).
func parseConfig(config map[string]json.RawMessage) (Settings, error) {
	var s Settings
	var errs []error
	for name, raw := range config {
		n, err := strconv.ParseUint(strings.Trim(string(raw), `"`), 10, 31)
		if err != nil {
			errs = append(errs, fmt.Errorf("config.%s %s: it must be a number from 0 to 2147483647", name, raw))
			continue
		}
		seconds := time.Duration(n) * time.Second
		count := int(n)
		if n == 0 {
			count, seconds = -1, -1 // zero would be the default
		}
		switch name {
		case "MaxStoredActionCount":
			s.MaxStoredActionCount = count
		case "CompletedActionKeepDurationInSeconds":
			s.CompletedActionKeepDuration = seconds
		case "StoredActionCleanupIntervalInSeconds":
			s.StoredActionCleanupInterval = seconds
		case "CommandStepRetryBackoffInSeconds":
			s.CommandStepRetryBackoff = seconds
		case "StopNodeMinDurationInSeconds":
			s.StopNodeMinDuration = seconds
		case "StopNodeMaxDurationInSeconds":
			s.StopNodeMaxDuration = seconds
		case "RequestTimeoutInSeconds", "OperationTimeoutInSeconds", "ConcurrentRequests",
			"DataLossCheckWaitDurationInSeconds", "DataLossCheckPollIntervalInSeconds", "ReplicaDropWaitDurationInSeconds":
		default:
			errs = append(errs, fmt.Errorf("config.%s: no setting has this name", name))
		}
	}
	return s, errors.Join(errs...)
}

type seedOperation struct {
	ID               uuid.UUID                    `json:"id"`
	Kind             generated.OperationType      `json:"kind"`
	Step             Step                         `json:"step"`
	Rollback         Rollback                     `json:"rollback"`
	ErrorCode        int32                        `json:"errorCode"`
	Service          *string                      `json:"service"`
	Partition        *uuid.UUID                   `json:"partition"`
	Node             *string                      `json:"node"`
	Instance         seedInstance                 `json:"instance"`
	Transition       generated.NodeTransitionType `json:"transition"`
	Mode             string                       `json:"mode"`
	DurationSeconds  uint32                       `json:"durationSeconds"`
	StepKeepsFailing bool                         `json:"stepKeepsFailing"`
	AgeSeconds       uint32                       `json:"ageSeconds"`
}

func (in seedOperation) operation() (SeedOperation, error) {
	r := Record{ID: in.ID, Kind: in.Kind, Step: in.Step, Rollback: in.Rollback, ErrorCode: in.ErrorCode, Target: defaultTarget(in.Kind)}
	if r.Rollback == "" {
		r.Rollback = NotRollingBack
	}
	if in.Kind == generated.OperationTypeNodeTransition {
		r.Target.NodeInstanceID = in.Instance.or(defaultInstance)
		if in.Node != nil {
			r.Target.NodeName = *in.Node
		}
		if in.Transition != "" {
			r.Target.Transition = in.Transition
		}
	} else {
		if in.Service != nil {
			r.Target.ServiceName = *in.Service
		}
		if in.Partition != nil {
			r.Target.PartitionID = *in.Partition
		}
	}
	r.Target.Mode = in.Mode
	if in.DurationSeconds != 0 {
		r.Target.Duration = time.Duration(in.DurationSeconds) * time.Second
	}
	if in.StepKeepsFailing {
		r.Scenario = keepsFailing(in.Kind)
	}
	op := SeedOperation{Record: r, Age: time.Duration(in.AgeSeconds) * time.Second}
	if t := r.Target.Transition; t != "" && t != generated.NodeTransitionTypeStart && t != generated.NodeTransitionTypeStop {
		return op, fmt.Errorf("transition %q: it must be Start or Stop", t)
	}
	return op, r.check()
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
