package bolt_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"

	"github.com/sfcancel/sfcancel/store/bolt"
)

// The test binary is also the other process of some tests: with childTask in
// its environment it does that and no tests.
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
		err = task(s) // most end by being killed
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

// child is another process; it ends with kill, and at the end of the test.
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
	// A pipe of our own: Wait would close that of cmd with lines still in it.
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
