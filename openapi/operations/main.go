// Command operations writes the human-readable page of the contract, with every operation and parameter of
// generated.Operations:
//
//	go run ./openapi/operations docs/operations.md
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
)

//go:generate go run . ../../docs/operations.md

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "operations:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("want the name of the file to write")
	}
	return os.WriteFile(args[0], []byte(page(generated.Operations[:])), 0o644)
}

const above = `<!-- Made from openapi/faults.yaml by "make generate". Do not edit. -->

# Operations and parameters

This page lists what Microsoft's documentation specifies, as recorded in [openapi/faults.yaml](../openapi/faults.yaml). The package
comment of [server](../server/doc.go) lists where the open-source runtime differs.

| operation | request | role | since | parameters | success |
| --- | --- | --- | --- | --- | --- |
`

const between = `
Role "user" means users and admins. Parameters in italics are optional. "Since" is the first documented api-version. The value
"Invalid" is documented but reserved: the server refuses it.

| parameter | in | allowed values | if omitted | since | description |
| --- | --- | --- | --- | --- | --- |
`

// page returns the page. It lists each parameter once, because a name means the same in all operations.
func page(operations []generated.Operation) string {
	var b strings.Builder
	b.WriteString(above)
	var all []*generated.Parameter
	seen := map[string]bool{}
	for _, o := range operations {
		var names []string
		for _, p := range o.Parameters {
			name := "`" + p.Name + "`"
			if !p.Required {
				name = "*" + name + "*"
			}
			names = append(names, name)
			if !seen[p.Name] {
				seen[p.Name] = true
				all = append(all, p)
			}
		}
		row(&b, o.ID+": "+text(o.Summary), "`"+o.Method+" "+o.Path+"`", o.Role, o.Since, strings.Join(names, ", "), successes(o))
	}
	b.WriteString(between)
	for _, p := range all {
		row(&b, "`"+p.Name+"`", p.In, text(p.Accepts), absent(p), p.Since, text(p.Description))
	}
	return b.String()
}

func row(b *strings.Builder, cells ...string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// text returns a text of the document on one line, with Markdown's special characters escaped.
func text(s string) string {
	return escapes.Replace(strings.Join(strings.Fields(s), " "))
}

var escapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, "~", `\~`, "*", `\*`, "_", `\_`, "<", "&lt;", "[", `\[`)

func absent(p *generated.Parameter) string {
	switch {
	case p.Required:
		return "refused"
	case p.Default != "":
		return "default " + text(p.Default)
	default:
		return ""
	}
}

func successes(o generated.Operation) string {
	var all []string
	for _, r := range o.Responses {
		if strings.HasPrefix(r.Status, "2") {
			all = append(all, r.Status)
		}
	}
	return strings.Join(all, ", ")
}
