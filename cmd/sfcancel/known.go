package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

// knowledge is what is known of an operation besides the list of the cluster: from the ledger, its id and its progress.
type knowledge struct {
	began  time.Time // zero if it is not known
	by     string    // who started it
	target string
	why    string // why it failed, and the last request to end it, with its author and reason
	cause  wrapper.Cause
	trail  []wrapper.Entry
}

// entry adds an entry of the ledger. A start replaces what earlier entries said.
func (k knowledge) entry(e wrapper.Entry) knowledge {
	k.trail = append(k.trail, e)
	switch {
	case e.Action == "start" && e.Verdict == wrapper.Accepted:
		k.began, k.by, k.target, k.why = e.Time, e.By, e.Target, ""
	case e.Verdict == wrapper.Accepted && (e.Action == "graceful" || e.Action == "force"):
		k.why = string(e.Action) + " by " + orDash(e.By)
		if e.Reason != "" {
			k.why += ": " + e.Reason
		}
	}
	return k
}

// knownOf returns what the ledger and the ids say about operations. If the ledger cannot be read, it warns and uses only
// the ids.
func (c *connection) knownOf(ctx context.Context, cmd *cobra.Command, ops []wrapper.Operation, which ledger.Query) map[uuid.UUID]knowledge {
	all := make(map[uuid.UUID]knowledge, len(ops))
	for _, op := range ops {
		all[op.ID] = knowledge{}
	}
	n := &notes{name: c.ledger}
	if c.notes != nil {
		n.name = c.notes.name
	}
	if err := c.readTrail(ctx, cmd, n, which, all); err != nil && !c.quiet {
		fmt.Fprintln(cmd.ErrOrStderr(), "sfcancel: warning: the ledger cannot be read:", plain.Text(err.Error()))
	}
	for id, k := range all {
		if k.began.IsZero() {
			k.began = madeAt(id)
			all[id] = k
		}
	}
	return all
}

func (c *connection) readTrail(ctx context.Context, cmd *cobra.Command, n *notes, which ledger.Query, all map[uuid.UUID]knowledge) error {
	if len(all) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	l, err := n.find(ctx, cmd)
	if err != nil || l == nil {
		return err
	}
	defer l.end()
	ours := c.inLedger()
	var damaged error
	for e, err := range l.Trail(ctx, which) {
		if errors.Is(err, ledger.ErrDamaged) {
			damaged = err
			continue
		}
		if err != nil {
			return err
		}
		k, listed := all[e.OperationID]
		if listed && sameCluster(e.Cluster, ours) {
			all[e.OperationID] = k.entry(e)
		}
	}
	return damaged
}

// madeAt returns the time in an id of version 1 or 7 (RFC 9562 §5), or the zero time.
func madeAt(id uuid.UUID) time.Time {
	if id.Variant() != uuid.RFC4122 || id.Version() != 1 && id.Version() != 7 {
		return time.Time{}
	}
	seconds, nanos := id.Time().UnixTime()
	return time.Unix(seconds, nanos)
}

// age returns the age of the operation, or "" if it is unknown.
func (k knowledge) age(now time.Time) string {
	if k.began.IsZero() {
		return ""
	}
	switch d := max(now.Sub(k.began), 0); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	default:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
}

// selection is the flags that select operations.
type selection struct {
	states, kinds []string
	olderThan     time.Duration
	service, node string
	mine          bool
}

// stateWords are the states of an operation, as the cluster spells them.
var stateWords = []string{
	string(wrapper.StateRunning), string(wrapper.StateRollingBack), string(wrapper.StateCompleted),
	string(wrapper.StateFaulted), string(wrapper.StateCancelled), string(wrapper.StateForceCancelled),
}

// selectors adds the flags of a selection. among are the states that --state offers.
func (s *selection) selectors(cmd *cobra.Command, among []string) {
	f := cmd.Flags()
	f.StringSliceVar(&s.states, "state", nil, "only those that are "+enumerate(among, "or"))
	complete(cmd, "state", among)
	var words []string
	for _, k := range kinds {
		words = append(words, k.word)
	}
	f.StringSliceVar(&s.kinds, "kind", nil, "only those of a kind: "+enumerate(words, "or"))
	complete(cmd, "kind", words)
	durationVar(f, &s.olderThan, "older-than", 0, "only those that are known to be older, such as 30m or 1d")
	f.StringVar(&s.service, "service", "", "only operations on this service, according to the ledger")
}

// check validates the flags, and spells states and kinds as the cluster does.
func (s *selection) check(among []string) error {
	for i, word := range s.states {
		at := fold(among, word)
		if at < 0 {
			return usage(fmt.Errorf("--state %q: it must be %s", word, enumerate(among, "or")))
		}
		s.states[i] = among[at]
	}
	for i, word := range s.kinds {
		kind, ok := kindOf(word)
		if !ok {
			return usage(fmt.Errorf("--kind %q: it must be data-loss, quorum-loss, restart or node-transition", word))
		}
		s.kinds[i] = string(kind)
	}
	if s.olderThan < 0 {
		return usage(fmt.Errorf("--older-than %v: it must not be negative", s.olderThan))
	}
	return nil
}

func fold(words []string, word string) int {
	for i, w := range words {
		if strings.EqualFold(w, word) {
			return i
		}
	}
	return -1
}

// kindOf finds a kind by its name in the commands or by the one that the cluster uses.
func kindOf(word string) (wrapper.Kind, bool) {
	for _, k := range kinds {
		if strings.EqualFold(word, k.word) || strings.EqualFold(word, string(k.kind)) {
			return k.kind, true
		}
	}
	return "", false
}

// wants reports whether an operation is selected. An unknown age or target never matches.
func (s *selection) wants(op wrapper.Operation, k knowledge) bool {
	return (len(s.states) == 0 || fold(s.states, string(op.State)) >= 0) &&
		(len(s.kinds) == 0 || fold(s.kinds, string(op.Kind)) >= 0) &&
		(s.olderThan == 0 || !k.began.IsZero() && time.Since(k.began) >= s.olderThan) &&
		(s.service == "" || isOn(k.target, s.service)) &&
		(s.node == "" || op.Kind == wrapper.KindNodeTransition && k.target == s.node) &&
		(!s.mine || k.by != "" && k.by == whoAmI())
}

// isOn reports whether a target belongs to a service, named with or without fabric:/.
func isOn(target, service string) bool {
	name, _, _ := strings.Cut(target, " ")
	return name != "" && strings.TrimPrefix(name, "fabric:/") == strings.TrimPrefix(service, "fabric:/")
}
