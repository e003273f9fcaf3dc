package overlaid_test

import (
	"fmt"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

func TestNames(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, schema, want, refused string }{
		{"no extension", "enum: [A, B]", "[]", ""},
		{"a pattern", "{enum: [E_A_B, F_E_C], x-enum-drop: '^(F_)?E_'}", "[a_b c]", ""},
		{"single names", "{enum: [A, B], x-enum-names: {B: Bee}}", "[a Bee]", ""},
		{"another order", "{enum: [B, A], x-enum-names: {B: Bee}}", "[Bee a]", ""},
		{"both", "{enum: [E_B, E_A], x-enum-drop: ^E_, x-enum-names: {E_B: Bee}}", "[Bee a]", ""},
		{"a name for what is gone", "{enum: [A], x-enum-names: {B: Bee, C: Cee}}", "", "B, C"},
		{"no enum", "{type: string, x-enum-names: {B: Bee}}", "", "no enum"},
		{"a bad pattern", "{enum: [A], x-enum-drop: '('}", "", "x-enum-drop"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var root yaml.Node
			if err := yaml.Unmarshal([]byte(tt.schema), &root); err != nil {
				t.Fatal(err)
			}
			err := overlaid.Names(&root)
			if tt.refused != "" {
				if err == nil || !strings.Contains(err.Error(), tt.refused) {
					t.Errorf("error %v; want one with %q", err, tt.refused)
				}
				return
			}
			var got struct {
				Names []string `yaml:"x-enum-varnames"`
			}
			if err := root.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if names := fmt.Sprint(got.Names); names != tt.want || err != nil {
				t.Errorf("%s, %v; want %s", names, err, tt.want)
			}
		})
	}
}
