package bolt_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

var (
	everyLoss = flag.Bool("all", false, "try all images of TestPowerLoss, not a sample of them")
	seed      = flag.Uint64("seed", 1, "seed of TestPowerLoss and of the moments of TestAcknowledgedCommitsSurviveKill")
)

// A store whose machine loses its power at any write, whatever its disk had made of
// what was not synced, opens with all that was acknowledged and no part of anything else.
//
//	go test -run '^TestPowerLoss$' -v ./store/bolt -args -all -seed=2
func TestPowerLoss(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 0))
	r := recordRun(t, random)
	const randoms = 100
	sample := func(v int) bool { return v < 2 || random.IntN(30) == 0 }
	if *everyLoss {
		sample = func(int) bool { return true }
	}
	made, tried, err := r.survive(t, random, randoms, sample)
	if err != nil {
		t.Error(err)
	}
	t.Logf("seed=%d: %d images, %d of them different, at %d boundaries", *seed, made, tried, len(r.events))
}

// The test above notices each of these.
func TestPowerLossHarmsOtherOrders(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 0))
	right := recordRun(t, random)
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			r := right
			r.events = b.wrong(slices.Clone(right.events))
			made, tried, err := r.survive(t, random, 10, func(v int) bool { return v < 10 || random.IntN(20) == 0 })
			if err == nil {
				t.Errorf("no harm done in %d images, %d of them different", made, tried)
				return
			}
			t.Logf("noticed in one of the first %d images: %.300v", tried, err)
		})
	}
}

// survive opens the images, several at a time, and returns the first error.
func (r run) survive(t *testing.T, random *rand.Rand, randoms int, sample func(v int) bool) (made int, tried int64, first error) {
	t.Helper()
	work := make(chan loss)
	stop := make(chan struct{})
	var once sync.Once
	var count atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		path := filepath.Join(fastDir(t), "state.db")
		group.Go(func() {
			for l := range work {
				count.Add(1)
				if err := r.open(t, path, l); err != nil {
					once.Do(func() {
						image := filepath.Join(os.TempDir(), fmt.Sprintf("powerloss-%d.db", os.Getpid()))
						first = fmt.Errorf("%s: %w; the file as it was left: %s", l.where, err, image)
						if err := os.WriteFile(image, l.image, 0o600); err != nil {
							first = errors.Join(first, err)
						}
						close(stop)
					})
				}
			}
		})
	}
	made = r.losses(random, randoms, sample, func(l loss) bool {
		select {
		case work <- l:
			return true
		case <-stop:
			return false
		}
	})
	close(work)
	group.Wait()
	return made, count.Load(), first
}

// open opens an image, looks at what is in it, and uses it.
func (r run) open(t *testing.T, path string, l loss) error {
	if err := os.WriteFile(path, l.image, 0o600); err != nil {
		return err
	}
	s, err := bolt.Open(path)
	if err != nil {
		return err
	}
	page, err := s.List(t.Context(), "", "", 1000)
	if err == nil {
		err = r.judge(page, l)
	}
	if err == nil {
		var next store.Revision
		if next, err = s.Commit(t.Context(), writeOf("next", 0)); err == nil && next != page.Revision+1 {
			err = fmt.Errorf("the next commit has revision %d after %d", next, page.Revision)
		}
	}
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	if s, err = bolt.Open(path); err != nil {
		return fmt.Errorf("after another commit: %w", err)
	}
	again, err := s.List(t.Context(), "", "", 1000)
	if err == nil && (again.Revision != page.Revision+1 || len(again.Items) != len(page.Items)+1) {
		err = fmt.Errorf("%d items at revision %d after another commit, before it %d at %d",
			len(again.Items), again.Revision, len(page.Items), page.Revision)
	}
	return errors.Join(err, s.Close())
}

// judge reports what is wrong with the items of an image.
func (r run) judge(page store.Page, l loss) error {
	at := page.Revision
	if at < l.floor || at > l.ceiling || at > 0 && !slices.Contains(r.valid, at) {
		return fmt.Errorf("revision %d, but %d was acknowledged and %d the last that was written; groups end at %v", at, l.floor, l.ceiling, r.valid)
	}
	want := r.states[at]
	if len(page.Items) != len(want) {
		return fmt.Errorf("%d items at revision %d, want %d", len(page.Items), at, len(want))
	}
	for _, got := range page.Items {
		if item := want[got.Key]; item.Revision != got.Revision || !bytes.Equal(item.Value, got.Value) {
			return fmt.Errorf("%s at revision %d has revision %d and %d bytes, want revision %d and %d bytes",
				got.Key, at, got.Revision, len(got.Value), item.Revision, len(item.Value))
		}
	}
	return nil
}
