package soak

import (
	"math"
	"math/rand/v2"
	"time"
)

// dice are the random decisions of one actor or one request. Each has its own, so that
// what one draws does not depend on when another does.
type dice struct{ *rand.Rand }

func newDice(seed uint64, parts ...uint64) dice {
	h := mixed(seed)
	for _, p := range parts {
		h = mixed(h ^ p)
	}
	return dice{rand.New(rand.NewPCG(seed, h))}
}

// mixed is splitmix64, so that seeds in a row have nothing in common.
func mixed(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// chance is true in so many of 100 cases.
func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

// between is a duration of any order of magnitude between the two, in whole tick.
func (d dice) between(least, most time.Duration) time.Duration {
	low, high := math.Log(float64(least)), math.Log(float64(most))
	return time.Duration(math.Exp(low + d.Float64()*(high-low))).Truncate(tick)
}

// tick is what all instants of a run are multiples of. The wrapper's own pauses have a
// jitter that no seed governs; kept to a nanosecond, it is rounded away by every request.
const tick = time.Microsecond

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }
