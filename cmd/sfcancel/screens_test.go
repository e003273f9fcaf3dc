package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// tmux is a shell in a terminal of 80 columns, in a home directory without a configuration.
type tmux struct {
	t       *testing.T
	dir     string
	counted int // commands so far
}

func newTmux(t *testing.T) *tmux {
	t.Helper()
	for _, name := range []string{"tmux", "bash"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("no terminal: %v", err)
		}
	}
	// The screens show the path, so its length is fixed. That of t.TempDir is too long for a socket.
	m := &tmux{t: t, dir: "/tmp/sfcancel-" + uuid.NewString()[:8]}
	if err := os.MkdirAll(m.dir+"/bin", 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(m.dir) })
	self, err := filepath.Abs(os.Args[0])
	if err == nil {
		err = os.Symlink(self, filepath.Join(m.dir, "bin", "sfcancel"))
	}
	if err != nil {
		t.Fatal(err)
	}
	m.do("new-session", "-d", "-x", "80", "-y", "24", "bash", "--noprofile", "--norc", "-i")
	t.Cleanup(func() { m.do("kill-server") })
	m.until(1, "")
	return m
}

func (m *tmux) do(args ...string) string {
	m.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-u", "-S", m.dir + "/tmux", "-f", os.DevNull}, args...)...)
	cmd.Env = []string{
		"PATH=" + m.dir + "/bin:" + os.Getenv("PATH"), "HOME=" + m.dir, "XDG_CONFIG_HOME=" + m.dir, "XDG_STATE_HOME=" + m.dir,
		"TERM=screen", "LC_ALL=C.UTF-8", "INPUTRC=" + os.DevNull, "HISTFILE=", "SHELL=/bin/sh", `PS1=\#:$? $ `, asProgram + "=1",
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		m.t.Fatalf("tmux %v: %v: %s", args, err, errs.String())
	}
	return out.String()
}

// until waits for prompt number, or for a text after the previous prompt. It returns the screen since the previous prompt,
// and the exit code of its command if the command has ended.
func (m *tmux) until(number int, text string) (screen, code string) {
	m.t.Helper()
	var all string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		all = "\n" + m.do("capture-pane", "-p", "-S", "-")
		_, since, found := strings.Cut(all, fmt.Sprintf("\n%d:", number-1))
		if _, since, _ = strings.Cut(since, " "); !found {
			since = all // the first prompt
		}
		screen, next, over := strings.Cut("\n"+since, fmt.Sprintf("\n%d:", number))
		code, _, whole := strings.Cut(next, " $")
		if screen = strings.TrimSpace(screen) + "\n"; over && whole || text != "" && strings.Contains(screen, text) {
			return screen, code
		}
	}
	m.t.Fatalf("got\n%s\nwant prompt %d or %q", all, number, text)
	return "", ""
}

// run types a command, and returns the screen at its end.
func (m *tmux) run(command string) string {
	m.t.Helper()
	m.begin(command)
	return m.end()
}

func (m *tmux) begin(command string) {
	m.t.Helper()
	m.counted++
	m.enter(command)
}

func (m *tmux) enter(text string) {
	m.t.Helper()
	m.do("send-keys", "-l", text)
	m.do("send-keys", "Enter")
}

// shows waits until the running command shows a text, and returns the screen.
func (m *tmux) shows(text string) string {
	m.t.Helper()
	screen, code := m.until(m.counted+1, text)
	if code != "" {
		m.t.Fatalf("exit %s, want %q before the end:\n%s", code, text, screen)
	}
	return screen
}

func (m *tmux) end() string {
	m.t.Helper()
	screen, code := m.until(m.counted+1, "")
	return screen + "[exit code " + code + "]\n"
}

// fixed replaces what differs from run to run, with texts of the same width.
func fixed(screen, id string) string {
	for _, mask := range [][2]string{
		{`127\.0\.0\.1:\d{5}`, "127.0.0.1:19080"},
		{`/tmp/sfcancel-[0-9a-f]{8}`, "/tmp/sfcancel-00000000"},
		{`\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d`, "2026-01-02${1}03:04:05"},
		{`[0-9a-f-]{7}\.\.\.`, "0000000..."}, // an id that is cut
		{`timeout=\d+`, "timeout=11"},        // a share of the time left
		{`(Finished  Cancelled  data-loss  )\d+`, "${1}3"},
		{`\d+s  RollingBack, force in [0-9ms]+`, "0s  RollingBack, force in 2m0s"},
	} {
		screen = regexp.MustCompile(mask[0]).ReplaceAllString(screen, mask[1])
	}
	return regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAllStringFunc(screen, func(other string) string {
		if other == id {
			return id
		}
		return uuid.Nil.String()
	})
}

// The screens of the night call: from an empty home directory to Cancelled, in less than 20 commands, on a terminal of 80
// columns.
func TestNightScreens(t *testing.T) {
	m := newTmux(t)
	url, beside := serveBeside(t, "--control", "--freeze")
	if !regexp.MustCompile(`:\d{5}$`).MatchString(url) {
		t.Skipf("the port of %s does not have five digits", url)
	}
	id := start(t, url, append(dataLoss, "--id", "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")...) // from another home
	var screens []string
	keep := func(screen string) { screens = append(screens, "$ "+strings.TrimPrefix(screen, "$ ")) }

	keep(m.run("sfcancel config set-cluster prod --endpoint " + url + " --protected"))
	keep(m.run("sfcancel doctor"))
	keep(m.run("sfcancel list"))
	keep(m.run("sfcancel show " + id))
	keep(m.run("sfcancel cancel " + id + " --dry-run"))
	m.begin("sfcancel cancel " + id + " --reason 'page 4711' --by ann")
	keep(m.shows("Type prod to go on:"))
	m.enter("prod")
	keep(m.end())
	keep(m.run("sfcancel show " + id))
	m.begin("sfcancel stop " + id + " --grace 2m --by ann")
	m.shows("Type prod to go on:")
	m.enter("prod")
	keep(m.shows("(Ctrl-C leaves the cancel in effect)"))
	if status, _, answer := exchange(t, http.DefaultClient, http.MethodPost, beside+"/control/clock", nil, `{"advance": "1h"}`); status != http.StatusOK {
		t.Fatalf("the clock: got %d %s, want 200", status, answer)
	}
	keep(m.end())
	keep(m.run("sfcancel ledger " + id))
	keep(m.run("sfcancel list"))
	if m.counted >= 20 {
		t.Errorf("got %d commands, want less than 20", m.counted)
	}

	got := fixed(strings.Join(screens, strings.Repeat("-", 80)+"\n"), id)
	golden := filepath.Join("testdata", "screens", "night")
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got != string(want) {
		t.Errorf("got\n%s\n%v, want\n%s\n(-update rewrites it)", got, err, want)
	}
}
