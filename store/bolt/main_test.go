package bolt_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"go.etcd.io/bbolt"
	"go.uber.org/goleak"
)

// The test binary is also the child process of some tests: with childTask in
// its environment it runs that task and no tests.
const (
	childTask = "STORE_BOLT_TEST_TASK"
	childPath = "STORE_BOLT_TEST_PATH"
)

func TestMain(m *testing.M) {
	task := map[string]func(*bolt.Store) error{
		"backup":      backUpForEver,
		"backup once": backUpOnce,
		"hold":        hold,
		"trace":       trace,
		"write":       writePairs,
	}[os.Getenv(childTask)]
	if task == nil {
		goleak.VerifyTestMain(m)
		return
	}
	s, err := bolt.Open(os.Getenv(childPath))
	if err == nil {
		err = task(s) // most tasks run until they are killed
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// hold keeps the store open until it is killed.
func hold(*bolt.Store) error {
	fmt.Println("open")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// child is another process. It is killed by kill or at the end of the test.
type child struct {
	lines *bufio.Scanner // its standard output
	kill  func()
}

func startChild(t *testing.T, task, path string) child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childTask+"="+task, childPath+"="+path)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe() // open as long as this process lives
	if err != nil {
		t.Fatal(err)
	}
	// Not cmd.StdoutPipe: Wait would close that while it still holds lines.
	stdout, childStdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = childStdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = childStdout.Close()
	killed := false
	kill := func() {
		if killed {
			return
		}
		killed = true
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		if state, err := cmd.Process.Wait(); err != nil || state.Exited() {
			t.Errorf("child was not killed: %v, %v", state, err)
		}
		_ = stdin.Close()
	}
	t.Cleanup(func() {
		kill()
		_ = stdout.Close()
	})
	return child{bufio.NewScanner(stdout), kill}
}

// Offsets in bbolt's file format that the tests damage; see pages.go.
const (
	pageFlagsAt    = 8
	pageCountAt    = 10
	pageOverflowAt = 12
	firstElementAt = 16

	metaElement = 1 // of the root: it comes after "items"

	branchFlag, leafFlag, freelistFlag = 1, 2, 16
)

// sample is a sound store with every kind of page: branches, leaves, some with
// overflow, free pages and a freelist.
type sample struct {
	content  []byte
	pageSize int
	root     int              // the leaf with the two buckets; meta is inline in it
	pages    map[uint16][]int // reachable, by flag
}

func newSample(t *testing.T) sample {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	for i := range 8 {
		var txn store.Txn
		for j := range store.MaxOps {
			value := make([]byte, 150)
			if j == 50 {
				value = make([]byte, 9000)
			}
			txn.Then = append(txn.Then, store.Write{Key: fmt.Sprintf("%03d/%d", j, i), Value: value})
		}
		if _, err := s.Commit(t.Context(), txn); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	root, pages := reachable(t, path)
	return sample{content, os.Getpagesize(), root, pages}
}

func reachable(t *testing.T, path string) (root int, pages map[uint16][]int) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	flags := map[string]uint16{"branch": branchFlag, "leaf": leafFlag, "freelist": freelistFlag}
	pages = make(map[uint16][]int)
	err = db.View(func(tx *bbolt.Tx) error {
		root = int(tx.Cursor().Bucket().RootPage())
		for id := 0; ; {
			info, err := tx.Page(id)
			if info == nil || err != nil {
				return err
			}
			if flag, ok := flags[info.Type]; ok {
				pages[flag] = append(pages[flag], id)
			}
			id += info.OverflowCount + 1
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range flags {
		if len(pages[flag]) == 0 {
			t.Fatalf("sample has pages %v, want all kinds", pages)
		}
	}
	return root, pages
}

// page returns page id of content, a copy of the sample.
func (s sample) page(content []byte, id int) []byte {
	return content[id*s.pageSize:][:s.pageSize]
}

// inline returns the page of the meta bucket, which is inline in the root.
func (s sample) inline(content []byte) []byte {
	const bucketHeader = 16
	element := s.page(content, s.root)[firstElementAt+16*metaElement:]
	key := binary.NativeEndian.Uint32(element[4:])
	return element[key+binary.NativeEndian.Uint32(element[8:])+bucketHeader:]
}
