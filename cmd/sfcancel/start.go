package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

func newStart() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Start an operation of one of the four kinds",
		Long: `Start an operation. Faults are real: against a real cluster these commands lose
data, take partitions away or stop nodes. "sfcancel serve" runs a cluster to try
them on. FullDataLoss asks for confirmation. Without --id a new id is generated and
printed. With --id a start can be repeated: if an operation of that kind and id exists,
the verdict is AlreadyStarted, the exit code is 0, and nothing is started.`,
		Args: exactly("the kind of operation"),
		RunE: func(_ *cobra.Command, args []string) error {
			return usage(fmt.Errorf("unknown kind %q; see sfcancel start --help", args[0]))
		},
	}
	cmd.AddCommand(newStartDataLoss(), newStartQuorumLoss(), newStartRestart(), newStartNode())
	return cmd
}

// starting is the common part of the four starts.
type starting struct {
	connection
	id      string
	service string
	part    string
	mode    string
}

// command builds one of the four commands. target validates the target and returns its name.
func (s *starting) command(use, short, example string, target func() (string, error), call func(context.Context, *wrapper.Client, wrapper.StartOptions) (wrapper.Result, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Example: "  sfcancel start " + use + " " + example, Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var id uuid.UUID
			if cmd.Flags().Changed("id") {
				if s.id == "" { // a generated id would start a second fault when the command is repeated
					return usage(errors.New("--id is empty, perhaps from an unset variable; leave it out for a new id"))
				}
				var err error
				if id, err = parseID(s.id); err != nil {
					return err
				}
			}
			target, err := target()
			if err != nil {
				return err
			}
			d := mild
			if s.mode == string(generated.DataLossModeFullDataLoss) {
				d = grave
			}
			if err := s.confirm(cmd, d, "Start "+strings.TrimSpace(use+" "+s.mode)+" of "+target); err != nil {
				return err
			}
			return s.with(cmd, func(ctx context.Context, client *wrapper.Client) error {
				e := s.one(ctx, id, func(ctx context.Context, id uuid.UUID) (wrapper.Result, error) {
					return call(ctx, client, wrapper.StartOptions{OperationID: id, Timeout: s.server, Reason: s.notes.reason})
				})
				return s.print(cmd, client, []ending{e}, "no policy judges starts")
			})
		},
	}
	s.flags(cmd)
	s.changes(cmd)
	cmd.Flags().StringVar(&s.id, "id", "", "operation id (default a new one)")
	return cmd
}

// onPartition adds the flags of the three kinds that have a partition as target. The API parameter of that name lists
// the modes.
func (s *starting) onPartition(cmd *cobra.Command, mode, parameterName string) *cobra.Command {
	modes := values(parameter(parameterName))
	f := cmd.Flags()
	f.StringVar(&s.service, "service", "", "name of the service, such as fabric:/shop/orders")
	f.StringVar(&s.part, "partition", "", "GUID of the partition")
	f.StringVar(&s.mode, "mode", mode, enumerate(modes, "or"))
	complete(cmd, "mode", modes)
	return cmd
}

func (s *starting) partition() (wrapper.Partition, error) {
	if s.service == "" {
		return wrapper.Partition{}, usage(errors.New("--service is missing: name the service, such as fabric:/shop/orders"))
	}
	id, err := uuid.Parse(s.part)
	if err != nil || len(s.part) != 36 {
		return wrapper.Partition{}, usage(fmt.Errorf("--partition %q: it must be %s", s.part, parameter("partitionId").Accepts))
	}
	return wrapper.Partition{Service: s.service, ID: id}, nil
}

// onOrders is a partition for examples.
const onOrders = "--service fabric:/shop/orders --partition 0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11"

// target validates the partition and returns its name.
func (s *starting) target() (string, error) {
	p, err := s.partition()
	return p.Service + " " + p.ID.String(), err
}

func newStartDataLoss() *cobra.Command {
	var s starting
	return s.onPartition(s.command("data-loss", "Make a partition lose data", onOrders, s.target, func(ctx context.Context, c *wrapper.Client, o wrapper.StartOptions) (wrapper.Result, error) {
		target, err := s.partition()
		if err != nil {
			return wrapper.Result{}, err
		}
		return c.StartDataLoss(ctx, target, generated.DataLossMode(s.mode), o)
	}), string(generated.DataLossModePartialDataLoss), "DataLossMode")
}

func newStartQuorumLoss() *cobra.Command {
	var s starting
	var lasts time.Duration
	cmd := s.onPartition(s.command("quorum-loss", "Take the write quorum of a partition away for a while", onOrders+" --duration 1m", s.target, func(ctx context.Context, c *wrapper.Client, o wrapper.StartOptions) (wrapper.Result, error) {
		target, err := s.partition()
		if err != nil {
			return wrapper.Result{}, err
		}
		return c.StartQuorumLoss(ctx, target, generated.QuorumLossMode(s.mode), lasts, o)
	}), string(generated.QuorumLossModeAllReplicas), "QuorumLossMode")
	cmd.Long = `Take the write quorum of a partition away for a while. Nothing ends it before its duration
is over: neither a cancel nor a force interrupts a step that is under way.`
	f := cmd.Flags()
	f.Lookup("mode").Usage += "; runtimes do not know " + string(generated.QuorumLossModeQuorumReplicas)
	durationVar(f, &lasts, "duration", time.Minute, "how long, "+seconds(parameter("QuorumLossDuration")))
	return cmd
}

func newStartRestart() *cobra.Command {
	var s starting
	return s.onPartition(s.command("restart", "Restart replicas or instances of a partition", onOrders, s.target, func(ctx context.Context, c *wrapper.Client, o wrapper.StartOptions) (wrapper.Result, error) {
		target, err := s.partition()
		if err != nil {
			return wrapper.Result{}, err
		}
		return c.StartPartitionRestart(ctx, target, generated.RestartPartitionMode(s.mode), o)
	}), string(generated.RestartPartitionModeAllReplicasOrInstances), "RestartPartitionMode")
}

func newStartNode() *cobra.Command {
	var s starting
	var node wrapper.Node
	var transition string
	var stopFor time.Duration
	cmd := s.command("node-transition", "Stop a node for a while, or start a stopped one", "--node _Node_0 --instance 5 --duration 10m", func() (string, error) {
		if node.Name == "" || node.Instance == 0 {
			return "", usage(errors.New("--node and --instance are required: name the node and its instance"))
		}
		return "node " + node.Name, nil
	}, func(ctx context.Context, c *wrapper.Client, o wrapper.StartOptions) (wrapper.Result, error) {
		return c.StartNodeTransition(ctx, node, generated.NodeTransitionType(transition), stopFor, o)
	})
	f := cmd.Flags()
	f.StringVar(&node.Name, "node", "", "name of the node")
	f.Uint64Var(&node.Instance, "instance", 0, "instance of the node")
	types := values(parameter("NodeTransitionType"))
	f.StringVar(&transition, "type", string(generated.NodeTransitionTypeStop), enumerate(types, "or"))
	complete(cmd, "type", types)
	durationVar(f, &stopFor, "duration", 10*time.Minute, "how long the node stays down, "+seconds(parameter("StopDurationInSeconds"))+"; only with "+string(generated.NodeTransitionTypeStop))
	return cmd
}
