package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// repository returns a copy of the files that the generator reads and writes, and of a package that uses a generated name.
func repository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, part := range []string{"go.mod", "go.sum", "openapi", "generated"} {
		err := filepath.WalkDir(filepath.Join("../..", part), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasPrefix(filepath.Base(path), ".") || part == "openapi" && strings.HasSuffix(path, ".go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			to := filepath.Join(root, strings.TrimPrefix(path, filepath.Join("..", "..")))
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			return os.WriteFile(to, text, 0o644)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	write(t, root, "wrapper/cancel.go", `package wrapper

import "github.com/sfcancel/sfcancel/generated"

type Client struct{}

type CancelOptions struct{ Reason string }

func (*Client) Cancel(CancelOptions) *generated.CancelOperationParams {
	return &generated.CancelOperationParams{APIVersion: "6.0", Force: false}
}

func (*Client) Operations() *generated.GetFaultOperationListParams {
	return &generated.GetFaultOperationListParams{StateFilter: one()}
}

func one() int { return 1 }
`)
	return root
}

func write(t *testing.T, root, file, text string) {
	t.Helper()
	to := filepath.Join(root, file)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// edited replaces one text in one file.
func edited(t *testing.T, root, file, old, now string) {
	t.Helper()
	text := read(t, root, file)
	if n := strings.Count(text, old); n != 1 {
		t.Fatalf("%s has %q %d times, want once", file, old, n)
	}
	write(t, root, file, strings.Replace(text, old, now, 1))
}

func read(t *testing.T, root, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// everything returns all files in the folders that the generator writes to.
func everything(t *testing.T, root string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all[e.Name()] = ""
	}
	entries, err = os.ReadDir(filepath.Join(root, "generated"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all["generated/"+e.Name()] = read(t, root, "generated/"+e.Name())
	}
	all["go.mod"] = read(t, root, "go.mod")
	return all
}

// A run that fails says why and changes no files, whatever the failure.
func TestGenerateFails(t *testing.T) {
	tests := []struct {
		name, file, old, now string
		want                 []string
	}{
		{
			"a fault of the document", "openapi/faults.yaml", "        maximum: 4294967295\n", "        maximun: 4294967295\n",
			[]string{"openapi/faults.yaml:", ":9: maximun is no keyword of a schema: did you mean maximum?"},
		},
		{
			"a type that is nowhere", "openapi/go.overlay.yaml", "      required: [Message]\n      properties:\n",
			"      required: [Message]\n      properties:\n        Message: {x-go-type: Nowhere}\n",
			[]string{"what the document makes does not compile:\ngenerated/types.gen.go:", "undefined: Nowhere", "in: Message Nowhere"},
		},
		{
			"a package that is nowhere", "openapi/go.overlay.yaml", "      required: [Message]\n      properties:\n",
			"      required: [Message]\n      properties:\n        Message: {x-go-type: nowhere.Text, x-go-type-import: {path: example.com/nowhere}}\n",
			[]string{"it would import example.com/nowhere, which this module does not have"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() && tt.file != "openapi/faults.yaml" {
				t.Skip("it compiles the module; make test runs it")
			}
			root := repository(t)
			edited(t, root, tt.file, tt.old, tt.now)
			before := everything(t, root)
			var out strings.Builder
			err := run(t.Context(), root, &out)
			if err == nil {
				t.Fatalf("got no error and the output %q, want an error", &out)
			}
			for _, want := range append(tt.want, untouched) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q, want it to contain %q", err, want)
				}
			}
			for _, advice := range []string{"go mod tidy", "go get"} {
				if strings.Contains(err.Error(), advice) {
					t.Errorf("error %q advises %s, want no such advice", err, advice)
				}
			}
			if out.Len() > 0 {
				t.Errorf("output %q, want none", &out)
			}
			if after := everything(t, root); !maps.Equal(before, after) {
				t.Errorf("the files have changed: got %q, want %q with the same contents", slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(before)))
			}
		})
	}
}

func TestGenerate(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles the module; make test runs it")
	}
	root := repository(t)
	want := everything(t, root)

	// Two files are missing, one is broken, and one is no longer generated.
	for _, file := range []string{"client.gen.go", "server.gen.go"} {
		if err := os.Remove(filepath.Join(root, "generated", file)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, root, "generated/types.gen.go", "package generated\n<<<<<<< conflict\n")
	write(t, root, "generated/old.gen.go", "package other\n")
	var out strings.Builder
	if err := run(t.Context(), root, &out); err != nil {
		t.Fatal(err)
	}
	if told := "client.gen.go, old.gen.go (gone), server.gen.go, types.gen.go.\n"; !strings.Contains(out.String(), told) {
		t.Errorf("output %q, want %q in it", &out, told)
	}
	if got := everything(t, root); !maps.Equal(got, want) {
		t.Errorf("the generated files differ from those in the repository: got %q, want %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}

	// A second run writes nothing.
	times := func() map[string]string {
		all := make(map[string]string)
		for file := range want {
			info, err := os.Stat(filepath.Join(root, file))
			if err != nil {
				t.Fatal(err)
			}
			all[file] = info.ModTime().String()
		}
		return all
	}
	before := times()
	if err := run(t.Context(), root, &out); err != nil {
		t.Fatal(err)
	}
	if after := times(); !maps.Equal(before, after) {
		t.Error("a run without a change has written files, want none written")
	}

	// A run reports who has to act, and the handwritten package that no longer compiles; it does not fail because of it.
	edited(t, root, "openapi/faults.yaml", "      name: StateFilter\n      in: query\n      required: true\n", "      name: StateFilter\n      in: query\n      required: false\n")
	edited(t, root, "openapi/faults.yaml", "        - $ref: \"#/components/parameters/Force\"\n", "        - $ref: \"#/components/parameters/Force\"\n"+
		"        - {name: reason, in: query, description: Why., schema: {type: string, minLength: 3, maxLength: 10}}\n"+
		"        - {name: seats, in: query, description: How many., schema: {type: integer, minimum: 1, maximum: 5}}\n")
	out.Reset()
	if err := run(t.Context(), root, &out); err != nil {
		t.Fatal(err)
	}
	for _, told := range []string{
		"wrapper does not compile with it: wrapper/cancel.go:14:61: ",
		"\nSince the last release:\n",
		"  GetFaultOperationList has the parameter StateFilter optional now: the server accepts calls without it; in generated it is a pointer now, and whoever sets it changes that; wrapper.Operations sets it.\n",
		"  CancelOperation has a new optional parameter reason (3..10 characters): the server enforces it from now on; wrapper.CancelOptions has a field Reason, which is not sent as it.\n",
		"  CancelOperation has a new optional parameter seats (1..5): the server enforces it from now on; wrapper.CancelOptions has no field for it.\n",
	} {
		if !strings.Contains(out.String(), told) {
			t.Errorf("output %q, want %q in it", &out, told)
		}
	}
}

// The wrapper has the methods in the map methods.
func TestCallers(t *testing.T) {
	c, err := readCallers("../..")
	if err != nil {
		t.Fatal(err)
	}
	for operation, method := range methods {
		if got := c.Method(operation); got != method {
			t.Errorf("the method for %s is %q, want %q", operation, got, method)
		}
	}
	if got := c.Lacks("CancelOperation", "Force"); got != "" {
		t.Errorf("for Force, which is sent, got %q, want nothing", got)
	}
	if got, want := c.Lacks("CancelOperation", "Seats"), "wrapper.CancelOptions has no field for it"; got != want {
		t.Errorf("for Seats got %q, want %q", got, want)
	}
}
