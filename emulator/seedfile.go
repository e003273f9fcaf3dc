package emulator

import (
	"cmp"
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
	s := Seed{Cluster: DefaultCluster(), Availability: Ready, Security: SeedSecurity{Mode: "None"}, digest: digestOf(data)}
	err := readFile(data, map[string]member{
		"operations": listOf(&s.Operations, readSeedOperation),
		"services":   listOf(&s.Cluster.Services, readSeedService),
		"nodes":      listOf(&s.Cluster.Nodes, readSeedNode),
		"service": func(raw json.RawMessage) error {
			var text string
			if err := valueOf(&text, "a text")(raw); err != nil {
				return err
			}
			var err error
			s.Availability, err = ParseAvailability(text)
			return err
		},
		"fabricVersion": func(raw json.RawMessage) error {
			if err := valueOf(&s.RuntimeVersion, "a text")(raw); err != nil {
				return err
			}
			major, minor, _ := strings.Cut(s.RuntimeVersion, ".")
			for _, number := range []string{major, minor} {
				if _, err := strconv.ParseUint(number, 10, 32); err != nil {
					return fmt.Errorf("%q: it must be MAJOR.MINOR", s.RuntimeVersion)
				}
			}
			return nil
		},
		"clusterId": valueOf(&s.ClusterID, "a text"),
		"config":    func(raw json.RawMessage) error { return readConfig(raw, &s.Settings) },
		"security":  func(raw json.RawMessage) error { return readSeedSecurity(raw, &s.Security) },
	})
	if err == nil {
		err = s.contradictions() // of what can be read
	}
	if err != nil {
		return Seed{}, fmt.Errorf("seed file: %w", err)
	}
	return s, nil
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

// readSeedSecurity also meets what the client of the case shows; that is the client's affair.
func readSeedSecurity(raw json.RawMessage, s *SeedSecurity) error {
	err := readObject(raw, map[string]member{
		"mode": valueOf(&s.Mode, "a text"), "roles": valueOf(&s.Roles, "true or false"),
		"clientCert": anything, "credentials": anything, "token": anything,
	})
	switch s.Mode {
	case "None", "X509", "AAD", "Windows":
		return err
	default:
		return errors.Join(err, fmt.Errorf("mode %q: it must be None, X509, AAD or Windows", s.Mode))
	}
}

func readSeedService(raw json.RawMessage) (Service, error) {
	var name, kind string
	persisted, partitions := true, DefaultCluster().Services[0].Partitions
	err := readObject(raw, map[string]member{
		"name": valueOf(&name, "a text"), "kind": valueOf(&kind, "a text"),
		"persisted":         valueOf(&persisted, "true or false"),
		"hasPersistedState": valueOf(&persisted, "true or false"), // as the service description has it
		"partitions": listOf(&partitions, func(raw json.RawMessage) (id uuid.UUID, err error) {
			err = idOf(&id)(raw)
			return id, err
		}),
	})
	if !strings.HasPrefix(name, fabricScheme) {
		err = errors.Join(err, fmt.Errorf("name %q: it must begin with %s", name, fabricScheme))
	}
	if kind != "" && kind != "Stateless" && kind != "Stateful" {
		err = errors.Join(err, fmt.Errorf("kind %q: it must be Stateful or Stateless", kind))
	}
	stateless := kind == "Stateless"
	return Service{Name: name, Stateless: stateless, Volatile: !stateless && !persisted, Partitions: partitions}, err
}

func readSeedNode(raw json.RawMessage) (Node, error) {
	n := Node{InstanceID: defaultInstance}
	var status string
	err := readObject(raw, map[string]member{
		"name": valueOf(&n.Name, "a text"), "instance": instanceOf(&n.InstanceID),
		"status": valueOf(&status, "a text"), "stoppedByFas": valueOf(&n.Stopped, "true or false"),
	})
	if n.Name == "" {
		err = errors.Join(err, errors.New("name is missing"))
	}
	if status != "" && status != "Up" && status != "Down" {
		err = errors.Join(err, fmt.Errorf("status %q: it must be Up or Down", status))
	}
	n.Down = status == "Down"
	return n, err
}

// instanceOf reads a node's instance id, a decimal as a text or as a number.
func instanceOf(into *string) member {
	return func(raw json.RawMessage) error {
		parsed, err := strconv.ParseUint(strings.Trim(string(raw), `"`), 10, 64)
		if err != nil || parsed == 0 {
			return fmt.Errorf("it must be a number from 1 to 18446744073709551615, not %s", sortOf(raw))
		}
		*into = strconv.FormatUint(parsed, 10)
		return nil
	}
}

// readConfig reads settings by their names in the runtime (§5.9).
func readConfig(raw json.RawMessage, s *Settings) error {
	count := func(set func(n int)) member {
		return func(raw json.RawMessage) error {
			n, err := strconv.ParseUint(strings.Trim(string(raw), `"`), 10, 31)
			if err != nil {
				return fmt.Errorf("it must be a number from 0 to 2147483647, not %s", sortOf(raw))
			}
			if set(int(n)); n == 0 {
				set(-1) // zero would be the default
			}
			return nil
		}
	}
	seconds := func(into *time.Duration) member {
		return count(func(n int) { *into = time.Duration(n) * time.Second })
	}
	without := count(func(int) {})
	err := readObject(raw, map[string]member{
		"MaxStoredActionCount":                 count(func(n int) { s.MaxStoredActionCount = n }),
		"CompletedActionKeepDurationInSeconds": seconds(&s.CompletedActionKeepDuration),
		"StoredActionCleanupIntervalInSeconds": seconds(&s.StoredActionCleanupInterval),
		"CommandStepRetryBackoffInSeconds":     seconds(&s.CommandStepRetryBackoff),
		"StopNodeMinDurationInSeconds":         seconds(&s.StopNodeMinDuration),
		"StopNodeMaxDurationInSeconds":         seconds(&s.StopNodeMaxDuration),
		"RequestTimeoutInSeconds":              without,
		"OperationTimeoutInSeconds":            without,
		"ConcurrentRequests":                   count(func(n int) { s.ConcurrentRequests = n }),
		"DataLossCheckWaitDurationInSeconds":   without,
		"DataLossCheckPollIntervalInSeconds":   without,
		"ReplicaDropWaitDurationInSeconds":     without,
	})
	if c := s.complete(minStopRuntime); c.StopNodeMinDuration > c.StopNodeMaxDuration {
		err = errors.Join(err, errors.New("StopNodeMinDurationInSeconds is more than StopNodeMaxDurationInSeconds, so no node could be stopped"))
	}
	return err
}

func readSeedOperation(raw json.RawMessage) (SeedOperation, error) {
	r := Record{Rollback: NotRollingBack}
	var target Target
	var node *string
	var service *string
	var partition *uuid.UUID
	var seconds, age uint32
	var id, keepsFail bool
	number := "a number from 0 to 4294967295"
	err := readObject(raw, map[string]member{
		"id":       func(raw json.RawMessage) error { id = true; return idOf(&r.ID)(raw) },
		"kind":     valueOf(&r.Kind, "a text"),
		"step":     valueOf(&r.Step, "a text"),
		"rollback": valueOf(&r.Rollback, "a text"), "errorCode": valueOf(&r.ErrorCode, "a number from -2147483648 to 2147483647"),
		"service": valueOf(&service, "a text"), "node": valueOf(&node, "a text"),
		"partition":  func(raw json.RawMessage) error { partition = new(uuid.UUID); return idOf(partition)(raw) },
		"instance":   instanceOf(&target.NodeInstanceID),
		"transition": valueOf(&target.Transition, "a text"), "mode": valueOf(&target.Mode, "a text"),
		"durationSeconds": valueOf(&seconds, number), "ageSeconds": valueOf(&age, number),
		"stepKeepsFailing": valueOf(&keepsFail, "true or false"),
	})
	r.Target = defaultTarget(r.Kind)
	r.Target.Mode = target.Mode
	if r.Kind == generated.OperationTypeNodeTransition {
		override(&r.Target.NodeName, node)
		r.Target.NodeInstanceID = cmp.Or(target.NodeInstanceID, r.Target.NodeInstanceID)
		r.Target.Transition = cmp.Or(target.Transition, r.Target.Transition)
	} else {
		override(&r.Target.ServiceName, service)
		override(&r.Target.PartitionID, partition)
	}
	if seconds != 0 {
		r.Target.Duration = time.Duration(seconds) * time.Second
	}
	if keepsFail {
		r.Scenario = keepsFailing(r.Kind)
	}
	if !id {
		err = errors.Join(err, errors.New("id is missing"))
	}
	if service != nil && !strings.HasPrefix(*service, fabricScheme) {
		err = errors.Join(err, fmt.Errorf("service %q: it must begin with %s", *service, fabricScheme))
	}
	err = errors.Join(err, r.check())
	return SeedOperation{Record: r, Age: time.Duration(age) * time.Second}, err
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
