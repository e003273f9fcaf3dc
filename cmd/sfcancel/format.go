package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/sfcancel/sfcancel/internal/plain"
)

// templatePrefix is the prefix of an output format that is a template.
const templatePrefix = "go-template="

// formats are the values of --output besides a template.
var formats = [...]string{"table", "wide", "json", "yaml", "name"}

func outputFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVarP(to, "output", "o", "table", enumerate(formats[:], "or")+", or "+templatePrefix+"TEMPLATE with the document of json")
	complete(cmd, "output", append(formats[:], templatePrefix))
}

func checkOutput(format string) error {
	for _, one := range formats {
		if format == one {
			return nil
		}
	}
	if text, ok := strings.CutPrefix(format, templatePrefix); ok {
		_, err := parseTemplate(text)
		return usage(err)
	}
	return usage(fmt.Errorf("--output %q: it must be %s, or %sTEMPLATE", format, enumerate(formats[:], "or"), templatePrefix))
}

func parseTemplate(text string) (*template.Template, error) {
	t, err := template.New("output").Option("missingkey=zero").Parse(text)
	if err != nil {
		return nil, errors.New("--output: " + strings.TrimPrefix(err.Error(), "template: "))
	}
	return t, nil
}

// isTable reports whether a format is for people.
func isTable(format string) bool { return format == "table" || format == "wide" }

// printAs writes a document in a format; show writes the table.
func printAs(w io.Writer, format string, doc any, show func(tableWriter) error) error {
	if err := checkOutput(format); err != nil {
		return err
	}
	text, isTemplate := strings.CutPrefix(format, templatePrefix)
	switch {
	case isTable(format):
		return show(w)
	case format == "json":
		return printJSON(w, doc)
	case format == "yaml":
		return printYAML(w, doc)
	}
	generic, err := asGeneric(doc)
	if err != nil {
		return err
	}
	if isTemplate {
		t, err := parseTemplate(text)
		if err != nil {
			return usage(err)
		}
		if err := t.Execute(w, generic); err != nil {
			return usage(errors.New("--output: " + plain.Text(strings.TrimPrefix(err.Error(), "template: "))))
		}
		return nil
	}
	return printNames(w, generic)
}

// asGeneric returns a document as its JSON decodes, in maps and slices.
func asGeneric(doc any) (generic any, err error) {
	content, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	in := json.NewDecoder(bytes.NewReader(content))
	in.UseNumber()
	err = in.Decode(&generic)
	return generic, err
}

// printNames writes the id or name of each item of a document, one per line.
func printNames(w io.Writer, generic any) error {
	if list, ok := generic.([]any); ok {
		for _, item := range list {
			if err := printNames(w, item); err != nil {
				return err
			}
		}
		return nil
	}
	thing, _ := generic.(map[string]any)
	for _, member := range []string{"operationId", "name", "setting"} {
		if name, ok := thing[member].(string); ok {
			_, err := fmt.Fprintln(w, plain.Line(name))
			return err
		}
	}
	return nil
}

// printYAML writes a document with its members in the order of JSON.
func printYAML(w io.Writer, doc any) error {
	content, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	var node yaml.Node // JSON is valid YAML
	if err := yaml.Unmarshal(plain.JSON(content), &node); err != nil {
		return err
	}
	blockStyle(&node)
	out := yaml.NewEncoder(w)
	out.SetIndent(2)
	return errors.Join(out.Encode(&node), out.Close())
}

// blockStyle gives each member a line of its own, and removes the quotes of texts that do not need them.
func blockStyle(node *yaml.Node) {
	if len(node.Content) > 0 {
		node.Style = 0
	}
	if node.Kind == yaml.ScalarNode && node.Tag == "!!str" {
		*node = *scalar(node.Value)
	}
	for _, child := range node.Content {
		blockStyle(child)
	}
}
