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

// knowledge is what is known of an operation besides what the cluster lists: by the ledger, by its id, and by its progress.
type knowledge struct {
	began  time.Time // zero if it is not known
	by     string    // who started it
	target string
	why    string // why it failed, and what was asked for to end it, by whom and why
	cause  wrapper.Cause
	trail  []wrapper.Entry
}

// entry adds what an entry of the ledger tells. A start begins what is known anew.
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

// knownOf reads the ledger about operations of the cluster. If it cannot be read, that is said, and what the ids tell is
// what is known.
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

// madeAt is the time that some ids carry (RFC 9562 §5), zero for others.
func madeAt(id uuid.UUID) time.Time {
	if id.Variant() != uuid.RFC4122 || id.Version() != 1 && id.Version() != 7 {
		return time.Time{}
	}
	seconds, nanos := id.Time().UnixTime()
	return time.Unix(seconds, nanos)
}

// age is how old it is, "" if that is not known.
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

// selection is the flags by which operations are chosen.
type selection struct {
	states, kinds []string
	olderThan     time.Duration
	service, node string
	mine          bool
}

// stateWords are those that an operation may have, as the cluster shows them.
var stateWords = []string{
	string(wrapper.StateRunning), string(wrapper.StateRollingBack), string(wrapper.StateCompleted),
	string(wrapper.StateFaulted), string(wrapper.StateCancelled), string(wrapper.StateForceCancelled),
}

// selectors adds the flags of a selection among the states.
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
	f.StringVar(&s.service, "service", "", "only those on a service, as the ledger knows")
}

// check makes the words what the cluster shows.
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

// kindOf knows a kind by the word of the commands and by that of the cluster.
func kindOf(word string) (wrapper.Kind, bool) {
	for _, k := range kinds {
		if strings.EqualFold(word, k.word) || strings.EqualFold(word, string(k.kind)) {
			return k.kind, true
		}
	}
	return "", false
}

// wants reports that an operation is selected. An age or target that is not known is not that which was asked for.
func (s *selection) wants(op wrapper.Operation, k knowledge) bool {
	return (len(s.states) == 0 || fold(s.states, string(op.State)) >= 0) &&
		(len(s.kinds) == 0 || fold(s.kinds, string(op.Kind)) >= 0) &&
		(s.olderThan == 0 || !k.began.IsZero() && time.Since(k.began) >= s.olderThan) &&
		(s.service == "" || isOn(k.target, s.service)) &&
		(s.node == "" || op.Kind == wrapper.KindNodeTransition && k.target == s.node) &&
		(!s.mine || k.by != "" && k.by == whoAmI())
}

// isOn reports that a target is of a service, with or without fabric:/.
func isOn(target, service string) bool {
	name, _, _ := strings.Cut(target, " ")
	return name != "" && strings.TrimPrefix(name, "fabric:/") == strings.TrimPrefix(service, "fabric:/")
}
