package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// published returns the schema that "sfcancel schema" prints.
func published(t *testing.T) *jsonschema.Schema {
	t.Helper()
	_, text, _ := sfcancel(t, "schema")
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, name string, text []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = s.Validate(doc)
	}
	if err != nil {
		t.Errorf("%s: got %v, want a valid document:\n%s", name, err, text)
	}
}

// The documents of the commands are valid by the schema. -update writes the golden document of a command that has none.
func TestSchemaOfOutput(t *testing.T) {
	s, url := published(t), serveInTest(t, "--freeze")
	id := start(t, url, dataLoss...)
	for name, args := range map[string][]string{
		"start":         append(append([]string{"start"}, dataLoss...), "--id", uuid.NewString()),
		"list":          {"list"},
		"show":          {"show", id},
		"dry-run":       {"cancel", id, "--dry-run"},
		"cancel":        {"cancel", id},
		"force":         {"force", id},
		"several":       {"cancel", id, uuid.NewString()},
		"not-found":     {"cancel", uuid.NewString()},
		"refused":       {"force", id, "--policy", "graceful-first", "--grace", "7.999999s", "--timeout", "8s", "--ledger", "none", "--cluster", "x"},
		"usage":         {"cancel", "x"},
		"unreachable":   {"list", "--endpoint", "http://" + closedPort(t), "--timeout", "1s"},
		"ledger":        {"ledger", id},
		"cancel-all":    {"cancel-all", "--yes"},
		"doctor":        {"doctor"},
		"config-list":   {"config", "list"},
		"config-show":   {"config", "show"},
		"version":       {"version"},
		"not-finished":  {"wait", id, "--timeout", "300ms"},
		"start-dry-run": append(append([]string{"start"}, dataLoss...), "--dry-run"),
	} {
		t.Setenv("SFCANCEL_ENDPOINT", url)
		_, out, errs := sfcancel(t, append(args, "-o", "json")...)
		if out == "" {
			t.Errorf("%s: got no document, want one: %s", name, errs)
			continue
		}
		valid(t, s, name, []byte(out))
		kept := filepath.Join("testdata", "documents", "v1", name+".json")
		if _, err := os.Stat(kept); err != nil && *update {
			if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(kept, []byte(out), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Documents of earlier versions stay valid, because readers rely on them.
func TestOldDocumentsStayValid(t *testing.T) {
	s := published(t)
	kept, err := filepath.Glob(filepath.Join("testdata", "documents", "v1", "*.json"))
	if err != nil || len(kept) < 15 {
		t.Fatalf("got %d documents, %v, want 15 at least", len(kept), err)
	}
	for _, path := range kept {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		valid(t, s, path, text)
	}
	for _, bad := range []string{`{"operationId": 5}`, `[{"error": "x"}]`, `{"operationId": "x", "kind": "", "state": ""}`, `"text"`} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil || s.Validate(doc) == nil {
			t.Errorf("%s: got a valid document, want an invalid one", bad)
		}
	}
}
