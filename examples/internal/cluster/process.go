package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// startTime is how long a process may take to report that it is ready. A member waits
// for a majority of the members, and a server waits for the members.
const startTime = 30 * time.Second

// Process is a program of the cluster. It can be killed, restarted with the same
// command line, paused and resumed. Its methods are not safe for concurrent use.
type Process struct {
	// Name is "etcd1", "server2" and the like.
	Name string

	args []string
	log  string // path; all runs append to it

	mu    sync.Mutex
	cmd   *exec.Cmd // nil if the process was not started or was killed
	ended chan struct{}
}

// Start starts the process unless it is running, and returns once it has printed its
// first line, which means that it is ready. When ctx ends, the process is killed.
func (p *Process) Start(ctx context.Context) error {
	if p.Running() {
		return nil
	}
	if err := p.start(ctx); err != nil {
		return fmt.Errorf("%s: %w; its log is %s", p.Name, err, p.log)
	}
	return nil
}

func (p *Process) start(ctx context.Context) error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ready := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		lines := bufio.NewReader(stdout)
		_, err := lines.ReadString('\n')
		ready <- err
		_, _ = io.Copy(io.Discard, lines)
		_ = cmd.Wait()
		close(ended)
	}()
	p.mu.Lock()
	p.cmd, p.ended = cmd, ended
	p.mu.Unlock()
	select {
	case err = <-ready:
	case <-time.After(startTime):
		err = fmt.Errorf("not ready after %v", startTime)
	}
	if err != nil {
		return errors.Join(err, p.Kill())
	}
	return nil
}

// Running reports whether the process has been started and has not ended.
func (p *Process) Running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Kill ends the process with SIGKILL, even if it is paused, and returns once it has ended.
func (p *Process) Kill() error {
	p.mu.Lock()
	cmd, ended := p.cmd, p.ended
	p.cmd = nil
	p.mu.Unlock()
	if cmd == nil {
		return nil
	}
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-ended
	return nil
}

// Pause stops the process as if its machine had stalled: its connections stay
// open, but it does not answer.
func (p *Process) Pause() error { return p.signal(pause) }

// Resume continues a paused process.
func (p *Process) Resume() error { return p.signal(resume) }

func (p *Process) signal(s syscall.Signal) error {
	if s == 0 {
		return fmt.Errorf("%s: %w", p.Name, errors.ErrUnsupported)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	return nil
}

func logPath(dir, name string) string { return filepath.Join(dir, name+".log") }
