package bucket_test

import (
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/internal/bucket"
)

// However tokens are taken and given back, no more than the burst and so many a second after it may be used, and
// the bucket does not hold more than the burst.
func TestBucketHoldsItsRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		burst, rate := rapid.IntRange(1, 20).Draw(rt, "burst"), rapid.Float64Range(0.1, 50).Draw(rt, "rate")
		const take, giveBack = -2, -1 // all else is milliseconds that pass
		steps := rapid.SliceOfN(rapid.OneOf(rapid.Just(take), rapid.Just(take), rapid.IntRange(giveBack, 3000)), 1, 60).Draw(rt, "steps")
		synctest.Test(t, func(t *testing.T) {
			var b bucket.Bucket
			begin, used := time.Now(), 0
			for _, step := range steps {
				switch {
				case step == take:
					used++
					usable := time.Since(begin) + b.Take(float64(burst), rate, time.Hour)
					if allowed := float64(burst) + (usable+time.Millisecond).Seconds()*rate; float64(used) > allowed {
						t.Fatalf("token %d may be used after %v, want at most %.2f by then", used, usable, allowed)
					}
				case step == giveBack && used > 0:
					used--
					b.GiveBack()
				default:
					time.Sleep(time.Duration(max(step, 0)) * time.Millisecond)
				}
			}
		})
	})
}

func TestBucketFillsUpToItsBurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bucket.Bucket
		take := func() time.Duration { return b.Take(2, 1, 10*time.Second) }
		for i, want := range []time.Duration{0, 0, time.Second, 2 * time.Second} {
			if got := take(); got != want {
				t.Errorf("token %d: got %v, want %v", i+1, got, want)
			}
		}
		time.Sleep(time.Hour)
		for i, want := range []time.Duration{0, 0, time.Second} {
			if got := take(); got != want {
				t.Errorf("token %d of a bucket that is full again: got %v, want %v", i+1, got, want)
			}
		}
	})
}

// A rate that fills nothing within a lifetime does not overflow the pause.
func TestBucketBoundsThePause(t *testing.T) {
	t.Parallel()
	var b bucket.Bucket
	b.Take(1, 1e-11, time.Hour)
	if got := b.Take(1, 1e-11, time.Hour); got != time.Hour {
		t.Errorf("got %v, want %v", got, time.Hour)
	}
}

func TestBucketTakesATokenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b bucket.Bucket
		take := func() time.Duration { return b.Take(1, 1, 10*time.Second) }
		take()
		if got := take(); got != time.Second {
			t.Errorf("an empty bucket: got %v, want %v", got, time.Second)
		}
		b.GiveBack()
		if got := take(); got != time.Second {
			t.Errorf("an empty bucket that got its promise back: got %v, want %v", got, time.Second)
		}
	})
}
