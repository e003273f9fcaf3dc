package wrapper

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// StartOptions are what every start has in common. The zero value is right.
type StartOptions struct {
	// OperationID is the id of the operation in later calls. All zeros means a new id, a UUID of
	// version 7, which the result has.
	OperationID uuid.UUID
	// APIVersion and Timeout are as in [CancelOptions].
	APIVersion generated.APIVersion
	Timeout    time.Duration
	// Reason is noted in the ledger.
	Reason string
}

// Partition is one partition of a service.
type Partition struct {
	Service string // with or without its fabric:/ scheme
	ID      uuid.UUID
}

// StartDataLoss makes a partition lose data. A mode that the document does not
// have is sent unchanged.
//
// A start is retried if its answer is lost. If the server refuses the id because an operation
// has it, that operation is looked up. If it is of this kind, the verdict is
// [AlreadyStarted]; it is [Accepted] if an answer of this call was lost, or if the call made
// the id and a proxy sent the request twice. The error is an [*Error]:
// [ErrInvalidArgument], [ErrNotSent], [ErrServerRefused] or [ErrOutcomeUnknown]. All this
// holds for the other three starts, too.
func (c *Client) StartDataLoss(ctx context.Context, target Partition, mode generated.DataLossMode, options StartOptions) (Result, error) {
	return c.start(ctx, "start data loss", KindDataLoss, target.Service, target.name(), options, func(ctx context.Context, k *call, s sending) (*http.Request, error) {
		return generated.NewStartDataLossRequest(ctx, s.to, target.serviceID(k.version), target.ID, generated.StartDataLossParams{
			APIVersion: k.version, OperationID: k.id, Timeout: s.timeout,
			DataLossMode: mode,
		})
	})
}

// StartQuorumLoss makes a partition lose its write quorum for a duration in whole
// seconds. The mode that the documents call QuorumReplicas is QuorumLossReplicas in the runtime.
func (c *Client) StartQuorumLoss(ctx context.Context, target Partition, mode generated.QuorumLossMode, lasts time.Duration, options StartOptions) (Result, error) {
	seconds, err := wholeSeconds(lasts, math.MaxUint32)
	if err != nil {
		return Result{}, &Error{call: "start quorum loss", id: options.OperationID, kind: ErrInvalidArgument, cause: err}
	}
	return c.start(ctx, "start quorum loss", KindQuorumLoss, target.Service, target.name(), options, func(ctx context.Context, k *call, s sending) (*http.Request, error) {
		return generated.NewStartQuorumLossRequest(ctx, s.to, target.serviceID(k.version), target.ID, generated.StartQuorumLossParams{
			APIVersion: k.version, OperationID: k.id, Timeout: s.timeout,
			QuorumLossMode: mode, QuorumLossDuration: int(seconds),
		})
	})
}

// StartPartitionRestart restarts replicas or instances of a partition.
func (c *Client) StartPartitionRestart(ctx context.Context, target Partition, mode generated.RestartPartitionMode, options StartOptions) (Result, error) {
	return c.start(ctx, "start partition restart", KindPartitionRestart, target.Service, target.name(), options, func(ctx context.Context, k *call, s sending) (*http.Request, error) {
		return generated.NewStartPartitionRestartRequest(ctx, s.to, target.serviceID(k.version), target.ID, generated.StartPartitionRestartParams{
			APIVersion: k.version, OperationID: k.id, Timeout: s.timeout,
			RestartPartitionMode: mode,
		})
	})
}

// Node is one instance of a node.
type Node struct {
	Name     string
	Instance uint64 // the server refuses any other than the live one
}

// StartNodeTransition stops a node for a duration in whole seconds, or starts a node that was
// stopped this way; a start ignores the duration.
func (c *Client) StartNodeTransition(ctx context.Context, target Node, transition generated.NodeTransitionType, stopFor time.Duration, options StartOptions) (Result, error) {
	seconds, err := wholeSeconds(stopFor, math.MaxInt32)
	if err != nil {
		return Result{}, &Error{call: "start node transition", id: options.OperationID, kind: ErrInvalidArgument, cause: err}
	}
	return c.start(ctx, "start node transition", KindNodeTransition, target.Name, target.Name, options, func(ctx context.Context, k *call, s sending) (*http.Request, error) {
		return generated.NewStartNodeTransitionRequest(ctx, s.to, target.Name, generated.StartNodeTransitionParams{
			APIVersion: k.version, OperationID: k.id, Timeout: s.timeout,
			NodeTransitionType:    transition,
			NodeInstanceID:        strconv.FormatUint(target.Instance, 10),
			StopDurationInSeconds: int32(seconds),
		})
	})
}

func (c *Client) start(ctx context.Context, name string, kind Kind, checked, target string, options StartOptions, build builder) (Result, error) {
	id := options.OperationID
	if id == (uuid.UUID{}) {
		id = newID()
	}
	k, err := c.newCall(name, id, options.APIVersion, options.Timeout)
	if err != nil {
		return Result{}, err
	}
	if err := checkTarget(checked); err != nil {
		return Result{}, k.fail(ErrInvalidArgument, err)
	}
	k.starts, k.target, k.reason, k.known.ours = kind, target, options.Reason, options.OperationID != id
	return k.do(ctx, func(ctx context.Context, k *call) (Result, error) {
		result, err := k.pursue(ctx, purposeStart, build)
		return k.note(ctx, actionStart, k.reason, result, err)
	})
}

var errOtherKind = errors.New("the id belongs to an operation of another kind")

// name is the partition for the ledger.
func (p Partition) name() string { return p.Service + " " + p.ID.String() }

// newID makes an id of version 7, which carries the current time (RFC 9562 §5.7), for
// [Selector].MinAge. After the clock went back, uuid.NewV7 would carry a later time.
func newID() uuid.UUID {
	id := uuid.New()
	milliseconds := time.Now().UnixMilli()
	for i := range 6 {
		id[i] = byte(milliseconds >> (40 - 8*i))
	}
	id[6] = id[6]&0x0f | 0x70
	return id
}

// madeAt returns the time in an id of version 1 or 7 (RFC 9562 §5).
func madeAt(id uuid.UUID) (time.Time, bool) {
	if id.Variant() != uuid.RFC4122 {
		return time.Time{}, false
	}
	switch id.Version() {
	case 1, 7:
		seconds, nanos := id.Time().UnixTime()
		return time.Unix(seconds, nanos), true
	default:
		return time.Time{}, false
	}
}

// checkTarget refuses names that would change the path.
func checkTarget(name string) error {
	trimmed := strings.Trim(strings.TrimPrefix(name, "fabric:"), "/")
	if trimmed == "" {
		return errors.New("the service or node has no name")
	}
	for level := range strings.FieldsFuncSeq(trimmed, func(r rune) bool { return r == '/' || r == '~' }) {
		if level == "." || level == ".." {
			return fmt.Errorf("%q is no name of a service or node", name)
		}
	}
	return nil
}

// serviceID is the name as a path takes it: without its scheme, its levels joined
// by ~ from api-version 6.0 on and by / before.
func (p Partition) serviceID(v generated.APIVersion) string {
	id := strings.TrimLeft(strings.TrimPrefix(p.Service, "fabric:"), "/")
	if fromVersion(v, generated.APIVersion60) {
		id = strings.ReplaceAll(id, "/", "~")
	}
	return id
}

func wholeSeconds(d time.Duration, most int64) (int64, error) {
	if d < 0 || d%time.Second != 0 || int64(d/time.Second) > most {
		return 0, fmt.Errorf("duration %v: it must be whole seconds from 0 to %d", d, most)
	}
	return int64(d / time.Second), nil
}
