package bolt_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

var kills = flag.Int("kills", 5, "how often TestAcknowledgedCommitsSurviveKill kills the process")

// writePairs writes pairs of items from several goroutines for ever, and prints
// the name of each pair once Commit has returned.
func writePairs(s *bolt.Store) error {
	const writers = 4
	errs := make(chan error)
	for w := range writers {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				revision, err := writePair(s, name)
				if err != nil {
					errs <- err
					return
				}
				// One write each, so that lines of two goroutines do not mix.
				if _, err := io.WriteString(os.Stdout, fmt.Sprintf("%s %d\n", name, revision)); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	return <-errs
}

func TestAcknowledgedCommitsSurviveKill(t *testing.T) {
	const mostLines, mostMicroseconds = 150, 20_000
	random := rand.New(rand.NewPCG(*seed, 0))
	path := filepath.Join(t.TempDir(), "state.db")
	acknowledged := make(map[string]string) // revisions of pairs
	lost := 0
	for i := range *kills {
		// After a number of lines, none of them too: it is then killed while it starts, or
		// makes the file. And every other time at a moment that no line tells.
		c := startChild(t, "write", path)
		for range random.IntN(mostLines) {
			readLine(c, acknowledged)
		}
		if pause := time.Duration(random.IntN(mostMicroseconds)) * time.Microsecond; i%2 == 1 {
			time.Sleep(pause)
		}
		c.kill()
		for readLine(c, acknowledged) { // what was printed before the kill
		}
		lost += checkPairs(t, path, acknowledged)
	}
	if len(acknowledged) == 0 {
		t.Error("nothing was acknowledged in any round")
	}
	t.Logf("seed=%d kills=%d acknowledged=%d lost=%d", *seed, *kills, len(acknowledged)+lost, lost)
}

func TestKilledWhileTheFileIsMade(t *testing.T) {
	for range 5 {
		dir := t.TempDir()
		c := startChild(t, "write", filepath.Join(dir, "state.db"))
		for { // until the child has begun
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) > 0 {
				break
			}
		}
		c.kill()
		path := filepath.Join(dir, "state.db")
		content, err := os.ReadFile(path)
		if err == nil && !bytes.Contains(content, []byte("sfcancel store")) {
			t.Errorf("the file appeared before it was complete, with %d bytes", len(content))
		}
		checkPairs(t, path, nil)
	}
}

func readLine(c child, acknowledged map[string]string) bool {
	if !c.lines.Scan() {
		return false
	}
	var name, revision string
	// A line that was cut off by the kill has not been acknowledged in full.
	if n, _ := fmt.Sscanf(c.lines.Text()+"\n", "%s %s\n", &name, &revision); n == 2 {
		acknowledged[name] = revision
	}
	return true
}

// checkPairs opens the store after a kill: it must be usable, with everything
// acknowledged in it and no half of a pair. It returns how many pairs are not as they
// were acknowledged.
func checkPairs(t *testing.T, path string, acknowledged map[string]string) (lost int) {
	t.Helper()
	s, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	firsts, listed := pairHalves(t, s, "first/")
	seconds, _ := pairHalves(t, s, "second/")
	var newest store.Revision
	for name, revision := range firsts {
		if seconds[name] != revision {
			t.Errorf("half a transaction: first/%s at %d, second/%[1]s at %d", name, revision, seconds[name])
		}
		newest = max(newest, revision)
	}
	if len(firsts) != len(seconds) {
		t.Errorf("%d first and %d second halves", len(firsts), len(seconds))
	}
	for name, revision := range acknowledged {
		if got := fmt.Sprint(firsts[name]); got != revision {
			t.Errorf("pair %s is at revision %s, was acknowledged at %s", name, got, revision)
			lost++
			delete(acknowledged, name) // told once
		}
	}
	if listed != newest {
		t.Errorf("List tells revision %d, the newest pair has %d", listed, newest)
	}
	// The revision was kept with the items: it goes on, and is used once.
	next, err := writePair(s, "after-"+strconv.Itoa(len(firsts)))
	if err != nil || next != newest+1 {
		t.Errorf("Commit = %d, %v after revision %d", next, err, newest)
	}
	// A watch goes on from where the list was.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for change, err := range s.Watch(ctx, "", listed) {
		if err != nil || change.Revision != next || len(change.Writes) != 2 {
			t.Errorf("Watch after %d = %v, %v, want revision %d", listed, change, err, next)
		}
		break
	}
	return lost
}

func pairHalves(t *testing.T, s store.Store, prefix string) (map[string]store.Revision, store.Revision) {
	t.Helper()
	const plenty = 1 << 20
	page, err := s.List(t.Context(), prefix, "", plenty)
	if err != nil {
		t.Fatal(err)
	}
	halves := make(map[string]store.Revision)
	for _, item := range page.Items {
		halves[item.Key[len(prefix):]] = item.Revision
	}
	return halves, page.Revision
}

func writePair(s store.Store, name string) (store.Revision, error) {
	value := []byte(name)
	return s.Commit(context.Background(), store.Txn{
		If:   []store.Condition{{Key: "first/" + name}},
		Then: []store.Write{{Key: "first/" + name, Value: value}, {Key: "second/" + name, Value: value}},
	})
}
