package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sfcancel/sfcancel/server"
)

// openCommand runs a new process for each cancel.
func openCommand() (_ []side, _ func() error, err error) {
	var c closers
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	dir, err := os.MkdirTemp("", "sfcancel-bench-")
	if err != nil {
		return nil, nil, err
	}
	c.add(func() error { return os.RemoveAll(dir) })
	root, err := root()
	if err != nil {
		return nil, nil, err
	}
	ours, post := filepath.Join(dir, "sfcancel"), filepath.Join(dir, "post")
	if err := errors.Join(
		run(filepath.Join(root, "cmd", "sfcancel"), nil, "go", "build", "-o", ours, "."),
		run("", nil, "go", "build", "-o", post, "./post"),
	); err != nil {
		return nil, nil, err
	}
	edge, err := oursHandler(always)
	if err != nil {
		return nil, nil, err
	}
	address, err := serve(server.NewHTTPServer(edge, nil), &c)
	if err != nil {
		return nil, nil, err
	}
	id := operationID.String()
	return []side{
		once("ours", func() error { return run("", nil, ours, "cancel", id, "--ledger", "none", "--endpoint", address) }),
		once("plain", func() error { return run("", nil, post, address, id) }),
	}, c.close, nil
}

// openColdBuild builds two small programs, each time with an empty cache. The client of oapi-codegen is generated
// without a server, as its users would do.
func openColdBuild() (_ []side, _ func() error, err error) {
	var c closers
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	root, err := root()
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp(".", ".cold-") // within the module, but not matched by ./...
	if err != nil {
		return nil, nil, err
	}
	c.add(func() error { return os.RemoveAll(dir) })
	build := func(name string) side {
		return once(name, func() (err error) {
			cache, err := os.MkdirTemp("", "sfcancel-bench-")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(cache)) }()
			return run("", []string{"GOCACHE=" + cache}, "go", "build", "-o", filepath.Join(cache, "program"), "./"+filepath.Join(dir, name))
		})
	}
	for name, text := range map[string]string{
		"ours/main.go": `package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

func main() {
	c, err := wrapper.New("http://localhost:19080")
	if err == nil {
		_, err = c.Cancel(context.Background(), uuid.New(), wrapper.CancelOptions{})
	}
	fmt.Println(err)
}
`,
		"stock/main.go": `package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

func main() {
	c, err := NewClientWithResponses("http://localhost:19080")
	if err == nil {
		_, err = c.CancelOperationWithResponse(context.Background(), &CancelOperationParams{APIVersion: "6.0", OperationID: uuid.New()})
	}
	fmt.Println(err)
}
`,
		"cfg.yaml": `package: main
generate: {models: true, client: true}
output-options:
  name-normalizer: ToCamelCaseWithInitialisms
  skip-prune: true
  resolve-type-name-collisions: true
  overlay: {path: openapi/go.overlay.yaml}
`,
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			return nil, nil, err
		}
	}
	at, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, err
	}
	err = run(root, nil, "go", "run", "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen",
		"-config", filepath.Join(at, "cfg.yaml"), "-o", filepath.Join(at, "stock", "client.gen.go"), "openapi/faults.yaml")
	if err == nil { // find compile errors now instead of after minutes
		err = run("", nil, "go", "vet", "./"+filepath.Join(dir, "ours"), "./"+filepath.Join(dir, "stock"))
	}
	return []side{build("ours"), build("stock")}, c.close, err
}

// root returns the directory of the parent module.
func root() (string, error) {
	out, err := exec.CommandContext(context.Background(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/sfcancel/sfcancel").Output()
	return strings.TrimSpace(string(out)), err
}

// run runs a program and waits for its end. If it fails, the error contains its output.
func run(dir string, env []string, program string, args ...string) error {
	cmd := exec.CommandContext(context.Background(), program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return nil
}
