package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// asProgram makes the test binary be the program itself, so that tests can start,
// kill and question real processes without building anything.
const asProgram = "SFCANCEL_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	testscript.Main(apart{m}, map[string]func(){"sfcancel": main})
}

// apart keeps the tests, and the processes they start, away from the ledger and the configuration of whoever runs them.
type apart struct{ m *testing.M }

func (a apart) Run() int {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "SFCANCEL_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}

	state, err := os.MkdirTemp("", "sfcancel-test-*")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(state) }()
	for _, name := range []string{"XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME", "LocalAppData", "AppData"} {
		if err := os.Setenv(name, state); err != nil {
			panic(err)
		}
	}
	// What runs in parallel waits for processes and time-outs, and leaves the processors alone. -parallel still counts.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	return a.m.Run()
}

// confirmed is a command line that is not asked about.
func confirmed(args []string) []string {
	if len(args) > 0 && args[0] == "force" {
		return append(slices.Clone(args), "--yes")
	}
	return args
}

// sfcancel runs the program to its end and returns its exit code and output. A force is confirmed.
func sfcancel(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	code = run(ctx, confirmed(args), &out, &errs)
	return code, out.String(), errs.String()
}

// patiently runs a command that uses up its --timeout, with more and more of it until what
// comes of it is right: how much it takes to come as far as that is up to the machine.
func patiently(t *testing.T, right func(code int, text string) bool, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	for timeout := time.Second / 4; ; timeout *= 2 {
		code, stdout, stderr = sfcancel(t, append(args, "--timeout", timeout.String())...)
		if right(code, stdout+stderr) || timeout > 20*time.Second {
			return code, stdout, stderr
		}
	}
}

// interrupted runs a command that waits, and interrupts it once it has come far enough.
func interrupted(t *testing.T, enough func() bool, args ...string) (code int, text string) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out bytes.Buffer
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, confirmed(args), &out, &out) }()
	for deadline := time.Now().Add(time.Minute); !enough() && len(ended) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("sfcancel %v: it has not come far enough in a minute", args)
			break
		}
	}
	interrupt()
	return <-ended, out.String()
}

// process is a serving process.
type process struct {
	cmd    *exec.Cmd
	url    string
	beside string // of --admin-addr, if it was given
	log    *processLog
}

// processLog is what a process writes on standard error; it can be read meanwhile.
type processLog struct {
	mu   sync.Mutex
	text []byte
}

func (l *processLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

func (l *processLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// serveProcess starts "sfcancel serve" as a process of its own and waits for its
// first line. It is killed at the end of the test if nobody ended it before.
func serveProcess(t *testing.T, args ...string) *process {
	t.Helper()
	return startProcess(t, exec.Command(os.Args[0], append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...))
}

// startProcess starts the test binary as the program, by a command that may have something
// around it.
func startProcess(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	cmd.Env = append(os.Environ(), asProgram+"=1")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log := new(processLog)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p, lines := &process{cmd: cmd, log: log}, bufio.NewReader(stdout)
	read := func(begins string) string {
		line, err := lines.ReadString('\n')
		url, found := strings.CutPrefix(strings.TrimSpace(line), begins)
		if err != nil || !found {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			t.Fatalf("a line was %q (%v), want %q; log:\n%s", line, err, begins, log.String())
		}
		return url
	}
	p.url = read("listening on ")
	if slices.Contains(cmd.Args, "--admin-addr") {
		p.beside = read("admin on ")
	}
	return p
}

// end terminates the process, which must exit with 0.
func (p *process) end(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after a termination: %v", err)
	}
}
