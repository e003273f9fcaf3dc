package openapi_test

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/openapi"
	"github.com/speakeasy-api/openapi/overlay"
	"gopkg.in/yaml.v3"
)

// swaps are the two places where the Go overlay replaces an open list by its enum type. The $ref must be the first choice
// of the anyOf that it replaces, so that the list itself still comes from the contract.
var swaps = []string{
	"/components/parameters/ApiVersion/schema",
	"/components/schemas/FabricErrorDetail/properties/Code",
}

// The contract has no concerns of Go, and the Go overlay changes only names, which members answers always have,
// and the swaps. Anything else would be a second contract.
func TestGoOverlay(t *testing.T) {
	t.Parallel()
	for _, extension := range regexp.MustCompile(`(?m)^[ -]*(x-[^:]*):.*`).FindAllSubmatch(openapi.Document(), -1) {
		if name := string(extension[1]); name != "x-since" && name != "x-enum-since" {
			t.Errorf("the contract has the extension %s, want only x-since and x-enum-since", name)
		}
	}
	before, after := goOverlay(t)
	changes := differ("", before, after)
	for _, c := range changes {
		if problem := c.forbidden(after); problem != "" {
			t.Errorf("%s: %s", c.at, problem)
		}
	}
	for _, at := range swaps {
		if !slices.ContainsFunc(changes, func(c change) bool { return c.at == at }) {
			t.Errorf("%s: the overlay does not change it, want the listed swap", at)
		}
	}
}

// goOverlay returns the document without and with the overlay that the code generator applies.
func goOverlay(t *testing.T) (before, after object) {
	t.Helper()
	text, err := os.ReadFile("go.overlay.yaml")
	if err != nil {
		t.Fatal(err)
	}
	actions, err := overlay.ParseReader(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := actions.Validate(); err != nil {
		t.Fatal(err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(openapi.Document(), &root); err != nil {
		t.Fatal(err)
	}
	if err := root.Decode(&before); err != nil {
		t.Fatal(err)
	}
	if warnings, err := actions.ApplyToStrict(&root); err != nil || len(warnings) > 0 {
		t.Fatalf("apply: %v, %q", err, warnings)
	}
	if err := root.Decode(&after); err != nil {
		t.Fatal(err)
	}
	return before, after
}

// change is one place where two documents differ; nil means that a document has no value there.
type change struct {
	at            string
	before, after any
}

// forbidden says why a change must not be in the Go overlay. It returns "" for the three allowed sorts.
func (c change) forbidden(after object) string {
	cut := strings.LastIndex(c.at, "/")
	parent, key := c.at[:cut], c.at[cut+1:]
	switch {
	case strings.HasPrefix(key, "x-"):
		if c.before != nil {
			return "an extension of the contract is changed"
		}
		return ""
	case key == "required":
		return c.forbiddenRequired(parent, at(after, parent).(object))
	case slices.Contains(swaps, c.at):
		choices, _ := c.before.(object)["anyOf"].([]any)
		swapped, _ := c.after.(object)
		for key := range swapped {
			if key != "$ref" && !strings.HasPrefix(key, "x-") {
				return "the swap brings along " + key
			}
		}
		if len(choices) == 0 || swapped["$ref"] == nil || swapped["$ref"] != choices[0].(object)["$ref"] {
			return fmt.Sprintf("%v is not replaced by its first choice but by %v", c.before, c.after)
		}
		return ""
	default:
		return fmt.Sprintf("%v becomes %v", c.before, c.after)
	}
}

// forbiddenRequired allows the overlay to add properties of the object to required. Objects occur only in answers:
// parameters are never objects, and no operation has a request body.
func (c change) forbiddenRequired(parent string, schema object) string {
	if !strings.HasPrefix(parent, "/components/schemas/") || strings.Count(parent, "/") != 3 || schema["type"] != "object" {
		return "required is changed outside the objects of answers"
	}
	old, _ := c.before.([]any)
	names, _ := c.after.([]any)
	if len(names) <= len(old) {
		return fmt.Sprintf("required goes from %v to %v", old, names)
	}
	for i, name := range names {
		properties, _ := schema["properties"].(object)
		switch {
		case i < len(old) && old[i] != name, slices.Contains(names[:i], name):
			return fmt.Sprintf("required goes from %v to %v", old, names)
		case properties[name.(string)] == nil:
			return fmt.Sprintf("there is no property %v to require", name)
		}
	}
	return ""
}

// differ lists the changes between two values. It descends into objects, and into lists of equal length; it reports
// everything else, and swaps, as a whole.
func differ(where string, before, after any) []change {
	var changes []change
	switch a := before.(type) {
	case object:
		b, ok := after.(object)
		if !ok || slices.Contains(swaps, where) {
			break
		}
		for key := range a {
			changes = append(changes, differ(where+"/"+escape(key), a[key], b[key])...)
		}
		for key := range b {
			if _, old := a[key]; !old {
				changes = append(changes, change{where + "/" + escape(key), nil, b[key]})
			}
		}
		return changes
	case []any:
		b, ok := after.([]any)
		if !ok || len(a) != len(b) {
			break
		}
		for i := range a {
			changes = append(changes, differ(where+"/"+strconv.Itoa(i), a[i], b[i])...)
		}
		return changes
	}
	if !reflect.DeepEqual(before, after) {
		changes = append(changes, change{where, before, after})
	}
	return changes
}

// escape and at write and follow JSON pointers.
func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

func at(root any, pointer string) any {
	for _, key := range strings.Split(pointer, "/")[1:] {
		key = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
		switch node := root.(type) {
		case object:
			root = node[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil {
				return nil
			}
			root = node[i]
		}
	}
	return root
}
