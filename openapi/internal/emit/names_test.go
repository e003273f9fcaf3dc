package emit_test

import (
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sfcancel/sfcancel/openapi/internal/emit"
)

var constant = regexp.MustCompile(`(?m)^\t(\w+)\s+(\w+)\s+= "(.*)"$`)

// constants returns the values of all constants in the files, by their names.
func constants(t *testing.T, tree fstest.MapFS) map[string]string {
	t.Helper()
	made, err := emit.Files(tree)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, m := range constant.FindAllStringSubmatch(string(made["types.gen.go"]), -1) {
		all[m[1]] = m[3]
	}
	return all
}

// sources returns the files that package generated is made from, for a test to change.
func sources(t *testing.T) fstest.MapFS {
	t.Helper()
	root := os.DirFS("../../..")
	tree := fstest.MapFS{}
	err := fs.WalkDir(root, "openapi", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := fs.ReadFile(root, path)
		tree[path] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// Moving, adding or removing a value of an enum does not change the constants of the other values.
func TestNamesGoByText(t *testing.T) {
	before := constants(t, sources(t))
	for name, text := range map[string]string{
		"APIVersion60": "6.0", "ErrorCodeTimeout": "FABRIC_E_TIMEOUT", "ErrorCodeInvalidArg": "E_INVALIDARG", "ErrorCodeAbort": "E_ABORT",
		"ErrorCodeInstanceIDMismatch": "FABRIC_E_INSTANCE_ID_MISMATCH", "DataLossModeFullDataLoss": "FullDataLoss", "OperationStateInvalid": "Invalid",
	} {
		if before[name] != text {
			t.Errorf("%s = %q, want %q", name, before[name], text)
		}
	}
	enums := strings.Count(string(sources(t)["openapi/faults.yaml"].Data), " enum:")
	lists := regexp.MustCompile(`enum: \[(.*)\]|enum:\n((?:        - .*\n)+)`)
	changes := map[string]func(values []string) []string{
		"reversed":  func(v []string) []string { slices.Reverse(v); return v },
		"sorted":    func(v []string) []string { slices.Sort(v); return v },
		"first new": func(v []string) []string { return append([]string{"Brandnew"}, v...) },
		"last gone": func(v []string) []string { return v[:len(v)-1] },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("each is a second; make test runs it")
			}
			tree := sources(t)
			text := lists.ReplaceAllStringFunc(string(tree["openapi/faults.yaml"].Data), func(list string) string {
				m := lists.FindStringSubmatch(list)
				if m[1] != "" {
					return "enum: [" + strings.Join(change(strings.Split(m[1], ", ")), ", ") + "]"
				}
				if name == "last gone" {
					return list // the overlay names one of these values
				}
				values := change(strings.Split(strings.TrimSuffix(strings.ReplaceAll(m[2], "        - ", ""), "\n"), "\n"))
				return "enum:\n        - " + strings.Join(values, "\n        - ") + "\n"
			})
			tree["openapi/faults.yaml"] = &fstest.MapFile{Data: []byte(text)}
			after := constants(t, tree)
			for _, constant := range slices.Sorted(maps.Keys(after)) {
				if want, old := before[constant]; old && after[constant] != want {
					t.Errorf("%s = %q, want %q as before", constant, after[constant], want)
				}
				if _, old := before[constant]; !old && !strings.HasSuffix(constant, "Brandnew") {
					t.Errorf("%s = %q is new, want no such constant", constant, after[constant])
				}
			}
			if want := len(before) + map[string]int{"first new": enums, "last gone": 1 - enums}[name]; len(after) != want {
				t.Errorf("%d constants, want %d", len(after), want)
			}
		})
	}
}
