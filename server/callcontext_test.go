package server_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var errLeft = errors.New("the client has left")

// The context of a call behaves as one of [context.WithTimeout]: every sequence of looking at it, waiting for it,
// deriving from it, the client leaving and the time passing gives the same.
func TestCallContext(t *testing.T) {
	const looks, waits, derives, leaves, passes = 'e', 'd', 'c', 'p', 't'
	var all []string
	for from := []string{""}; len(from[0]) < 4; {
		var longer []string
		for _, steps := range from {
			for _, one := range []rune{looks, waits, derives, leaves, passes} {
				longer = append(longer, steps+string(one))
			}
		}
		from, all = longer, longer
	}
	for _, steps := range all {
		if strings.ContainsRune(steps, leaves) && strings.Count(steps, string(passes)) > 1 {
			continue // it has two reasons to end, and the one that was seen first counts
		}
		synctest.Test(t, func(t *testing.T) {
			parent, leave := context.WithCancelCause(t.Context())
			defer leave(nil)
			r, err := parse("POST", gracefully+"&timeout=5")
			if err != nil {
				t.Fatal(err)
			}
			var got, want []context.Context
			var cancels []context.CancelFunc
			same := func(when string) {
				t.Helper()
				synctest.Wait()
				for i := range got {
					if got, want := state(got[i]), state(want[i]); got != want {
						t.Fatalf("%s, %s: context %d: got %s, want %s", steps, when, i, got, want)
					}
				}
			}
			askWith(t, &spy{act: func(ctx context.Context) error {
				like, cancel := context.WithTimeout(parent, 5*time.Second)
				cancels = append(cancels, cancel)
				mine, _ := ctx.Deadline()
				if its, _ := like.Deadline(); !mine.Equal(its) {
					t.Errorf("got the deadline %v, want %v", mine, its)
				}
				for _, step := range steps {
					switch step {
					case looks:
						if got, want := fmt.Sprint(ctx.Err()), fmt.Sprint(like.Err()); got != want {
							t.Fatalf("%s: got %v, want %v", steps, got, want)
						}
					case waits:
						got, want = append(got, ctx), append(want, like)
						same("waiting")
					case derives:
						a, cancelA := context.WithCancel(ctx)
						b, cancelB := context.WithCancel(like)
						got, want, cancels = append(got, a), append(want, b), append(cancels, cancelA, cancelB)
						same("derived")
					case leaves:
						leave(errLeft)
						synctest.Wait()
					case passes:
						time.Sleep(3 * time.Second)
						synctest.Wait()
					}
				}
				got, want = append(got, ctx), append(want, like)
				return nil
			}}, r.WithContext(parent))
			cancels[0]()
			same("after the call")
			for _, cancel := range cancels {
				cancel()
			}
		})
	}
}

// state is whether a context has ended, by its channel, and why.
func state(ctx context.Context) string {
	over := false
	select {
	case <-ctx.Done():
		over = true
	default:
	}
	return fmt.Sprintf("over %t, %v because of %v", over, ctx.Err(), context.Cause(ctx))
}
