package soak

import (
	"flag"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// defaultWorld is the world of a run without -world.
const defaultWorld = "rough"

var worldFlag = flag.String("world", defaultWorld, "plain, rough, or the parts of the rough world that there are, such as silence,replays")

// world is a set of the parts of the rough world, one bit each. The zero value is the
// plain world.
type world uint

// part is something that happens in the rough world only.
type part struct {
	name   string
	chance int // percent of the runs that have it
	// plan draws it. No part draws from the dice of another one, or of the plain world, so
	// that a part which is turned off changes nothing else.
	plan func(p *plan, d dice, starts bool)
}

var parts = []part{
	{"silence", 35, planSilence},
	{"reuse", 25, planReuse},
	{"twins", 20, planTwins},
	{"clocks", 25, planClocks},
	{"ledgers", 20, planLedgers},
	{"closes", 25, planCloses},
	{"replays", 25, planReplays}, // the last, because it adds operations that nobody else can name
}

// wholeWorld is the rough world with all of its parts.
var wholeWorld = world(1)<<len(parts) - 1

// parseWorld reads the flag.
func parseWorld(text string) (w world, err error) {
	switch text {
	case "plain":
		return 0, nil
	case "rough":
		return wholeWorld, nil
	}
	for name := range strings.SplitSeq(text, ",") {
		n := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if n < 0 {
			return 0, fmt.Errorf("there is no world, and no part of one, that is called %q", name)
		}
		w |= 1 << n
	}
	return w, nil
}

// roughen adds to a plan what a world has beyond the plain one.
func (w world) roughen(p *plan, seed uint64, starts bool) {
	for n, part := range parts {
		if d := newDice(seed, 10, uint64(n)); w&(1<<n) != 0 && d.chance(part.chance) {
			part.plan(p, d, starts)
			p.parts = append(p.parts, part.name)
		}
	}
}

// Each part of the rough world is drawn for itself: what one run has of the others, and of
// the plain world, does not depend on it.
func TestWorldParts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		plain, rough := newPlan(seed, 0), newPlan(seed, wholeWorld)
		if len(rough.parts) == 0 {
			rough.strict = false
			if !reflect.DeepEqual(plain, rough) {
				t.Errorf("seed %d has no part, and is not plain:\n%+v\n%+v", seed, plain, rough)
			}
		}
		for n, part := range parts {
			without := newPlan(seed, wholeWorld&^(1<<n))
			want := slices.DeleteFunc(slices.Clone(rough.parts), func(name string) bool { return name == part.name })
			if !slices.Equal(without.parts, want) {
				t.Errorf("seed %d without %s has %v, and %v with it", seed, part.name, without.parts, rough.parts)
			}
		}
	}
}

func TestParseWorld(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]world{"plain": 0, "rough": wholeWorld, "silence": 1, "silence,reuse": 3} {
		if got, err := parseWorld(text); err != nil || got != want {
			t.Errorf("%s: %b, %v", text, got, err)
		}
	}
	if _, err := parseWorld("silence,noise"); err == nil {
		t.Error("there is no noise")
	}
}
