package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// drillStep is a step of either kind of pipeline.
type drillStep struct {
	Name      string            `yaml:"name"`
	Display   string            `yaml:"displayName"`
	Run       string            `yaml:"run"`
	Bash      string            `yaml:"bash"`
	Uses      string            `yaml:"uses"`
	If        string            `yaml:"if"`
	Condition string            `yaml:"condition"`
	Env       map[string]string `yaml:"env"`
}

type drillJob struct {
	Job       string            `yaml:"job"`
	Env       map[string]string `yaml:"env"`
	Variables map[string]string `yaml:"variables"`
	Steps     []drillStep       `yaml:"steps"`
}

// The pipelines of examples/ci end the fault that they start, on a cluster with certificates, whether the drill
// succeeds, fails, or never begins.
func TestExamplesOfPipelines(t *testing.T) {
	t.Parallel()
	for _, needed := range []string{"/proc/sys/kernel/random/uuid", "/bin/bash"} {
		if _, err := os.Stat(needed); err != nil {
			t.Skipf("pipelines run on Linux: %v", err)
		}
	}
	scenario := filepath.Join(t.TempDir(), "scenario.json")
	if err := os.WriteFile(scenario, []byte(`{"default": {"perform": {"takes": "10m"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newTestPKI(t)
	url := securedBy(t, p, "--speed", "600", "--scenario", scenario)
	value := map[string]string{"ENDPOINT": url, "THUMBPRINT": p.thumbprint("server")}
	for name, file := range map[string]string{"CERT": "admin.pem", "KEY": "admin.key"} {
		content, err := os.ReadFile(p.file(file))
		if err != nil {
			t.Fatal(err)
		}
		value[name] = string(content)
	}
	variable := regexp.MustCompile(`^\$(?:\{\{ \w+\.DRILL_(\w+) \}\}|\(drill(\w+)\))$`)
	resolve := func(text string) string {
		m := variable.FindStringSubmatch(text)
		if m == nil {
			return text
		}
		found, ok := value[strings.ToUpper(m[1]+m[2])]
		if !ok {
			t.Errorf("%s has no value, want a variable of the drill", text)
		}
		return found
	}
	for file, jobs := range map[string]func([]byte) ([]drillJob, error){
		"github.yml": func(text []byte) ([]drillJob, error) {
			var doc struct{ Jobs map[string]drillJob }
			err := yaml.Unmarshal(text, &doc)
			return []drillJob{doc.Jobs["drill"]}, err
		},
		"azure.yml": func(text []byte) ([]drillJob, error) {
			var doc struct{ Jobs []drillJob }
			err := yaml.Unmarshal(text, &doc)
			return doc.Jobs, err
		},
	} {
		text, err := os.ReadFile(filepath.Join("..", "..", "examples", "ci", file))
		if err != nil {
			t.Fatal(err)
		}
		all, err := jobs(text)
		if err != nil || len(all) != 1 || len(all[0].Steps) < 5 {
			t.Fatalf("%s: got %+v, %v, want one job with 5 steps or more", file, all, err)
		}
		for name, c := range map[string]struct{ fails, want string }{
			"the drill succeeds":     {"", "Finished"},
			"the drill fails":        {"Look at the service meanwhile", "Finished"},
			"the drill never begins": {"Write the certificate", ""},
		} {
			t.Run(file+" "+name, func(t *testing.T) {
				dir := t.TempDir()
				for tool, content := range map[string]string{"check-orders": "#!/bin/sh\n", "sfcancel": "#!/bin/sh\n" + asProgram + "=1 exec '" + os.Args[0] + "' \"$@\"\n"} {
					if err := os.WriteFile(filepath.Join(dir, tool), []byte(content), 0o700); err != nil { //nolint:gosec // a program
						t.Fatal(err)
					}
				}
				failed, out := false, ""
				for _, step := range all[0].Steps {
					name, script := step.Name+step.Display, step.Run+step.Bash
					if step.Uses != "" || name == "Get sfcancel" || failed && step.If+step.Condition != "always()" {
						continue
					}
					if name == c.fails {
						failed = true
						continue
					}
					// As the runners do: a command that fails ends the step (GitHub), or the last one counts (Azure).
					shell := []string{"--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script}
					if step.Bash != "" {
						shell = []string{"--noprofile", "--norc", "-c", script}
					}
					cmd := exec.Command("/bin/bash", shell...)
					cmd.Dir = dir
					cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "XDG_STATE_HOME="+filepath.Join(dir, "state"))
					for _, env := range []map[string]string{all[0].Env, all[0].Variables, step.Env} {
						for key, text := range env {
							cmd.Env = append(cmd.Env, key+"="+resolve(text))
						}
					}
					var said bytes.Buffer
					cmd.Stdout, cmd.Stderr = &said, &said
					if err := cmd.Run(); err != nil {
						t.Errorf("step %s: got %v, want nil: %s", name, err, said.String())
						failed = true
					}
					out = said.String()
				}
				if strings.Contains(out, "warning") || !strings.Contains(out, c.want) || failed != (c.fails != "") {
					t.Errorf("failed %t, last output %q, want %t, %q without a warning", failed, out, c.fails != "", c.want)
				}
			})
		}
	}
	code, out, errs := sfcancel(t, "list", "--state", "Running,RollingBack", "-q", "--endpoint", url, "--server-thumbprint", p.thumbprint("server"), "--cert", p.file("admin.pem"), "--key", p.file("admin.key"))
	if code != exitOK || out != "" {
		t.Errorf("operations that still run: exit %d, want %d and none: %s%s", code, exitOK, out, errs)
	}
}

// The service of examples/systemd runs a valid command, with variables that exist.
func TestExampleOfSystemd(t *testing.T) {
	unit := map[string][]string{}
	for _, file := range []string{"sfcancel-reap.service", "sfcancel-reap.timer"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "examples", "systemd", file))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			key, value, found := strings.Cut(line, "=")
			switch {
			case line == "", strings.HasPrefix(line, "#"), strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			case !found:
				t.Errorf("%s: got line %q, want one of a unit", file, line)
			default:
				unit[key] = append(unit[key], value)
			}
		}
	}
	if len(unit["ExecStart"]) != 1 || len(unit["OnUnitInactiveSec"]) != 1 {
		t.Fatalf("got %v, want one ExecStart and one OnUnitInactiveSec", unit)
	}
	known := map[string]bool{"XDG_STATE_HOME": true}
	for _, s := range settings {
		known[s.variable()] = true
	}
	for _, line := range unit["Environment"] {
		for _, word := range strings.Fields(line) {
			if name, _, _ := strings.Cut(word, "="); !known[name] {
				t.Errorf("got variable %s, want one of the program", name)
			}
		}
	}
	words, err := splitWords(unit["ExecStart"][0])
	if err != nil || filepath.Base(words[0]) != "sfcancel" {
		t.Fatal(words, err)
	}
	url := serveInTest(t, "--freeze")
	id := start(t, url, dataLoss...)
	t.Setenv("SFCANCEL_ENDPOINT", url)
	code, out, errs := sfcancel(t, append(words[1:], "--dry-run", "--older-than", "1ns")...)
	if code != exitOK || !strings.Contains(out, id) {
		t.Errorf("exit %d, want %d and %s: %s%s", code, exitOK, id, out, errs)
	}
}
