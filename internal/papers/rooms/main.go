// Command rooms writes the import rules of depguard in .golangci.yml as tables into a document,
// between the lines <!-- rooms --> and <!-- end of rooms -->.
//
//	go run ./internal/papers/rooms .golangci.yml docs/architecture.md
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

const module = "github.com/sfcancel/sfcancel/"

//go:generate go run . ../../../.golangci.yml ../../../docs/architecture.md

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "rooms: two arguments are wanted, the file of the rules and the document")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "rooms:", err)
		os.Exit(1)
	}
}

func run(rules, document string) error {
	text, err := os.ReadFile(rules)
	if err != nil {
		return err
	}
	tables, err := render(text)
	if err != nil {
		return fmt.Errorf("%s: %w", rules, err)
	}
	page, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(page), "<!-- rooms -->\n")
	_, after, ended := strings.Cut(rest, "<!-- end of rooms -->\n")
	if !ok || !ended {
		return fmt.Errorf("%s: the lines <!-- rooms --> and <!-- end of rooms --> are not there", document)
	}
	return os.WriteFile(document, []byte(before+"<!-- rooms -->\n"+tables+"<!-- end of rooms -->\n"+after), 0o644) //nolint:gosec // a document
}

// rule is a rule of depguard, with the fields that are used here: a strict list of allowed imports, or denied packages.
type rule struct {
	Files    []string `yaml:"files"`
	ListMode string   `yaml:"list-mode"`
	Allow    []string `yaml:"allow"`
	Deny     []struct {
		Pkg  string `yaml:"pkg"`
		Desc string `yaml:"desc"`
	} `yaml:"deny"`
}

// render returns the tables, in the order of the rules.
func render(text []byte) (string, error) {
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules yaml.Node `yaml:"rules"`
				} `yaml:"depguard"`
			} `yaml:"settings"`
		} `yaml:"linters"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		return "", err
	}
	pairs := config.Linters.Settings.Depguard.Rules.Content
	if len(pairs) == 0 {
		return "", errors.New("there are no rules of depguard")
	}
	may := "| packages | may import |\n| --- | --- |\n"
	stays := "| what | may be imported |\n| --- | --- |\n"
	for i := 0; i+1 < len(pairs); i += 2 {
		var r rule
		if err := pairs[i+1].Decode(&r); err != nil {
			return "", fmt.Errorf("rule %s: %w", pairs[i].Value, err)
		}
		in, except := folders(r.Files)
		if r.ListMode == "strict" {
			may += fmt.Sprintf("| %s | %s |\n", list(in), list(imports(r.Allow)))
		}
		for _, d := range r.Deny {
			by := "only by " + list(except)
			if r.ListMode == "strict" {
				by = "not by " + list(in)
			}
			if !strings.HasPrefix(d.Desc, "it stays in") { // the columns say this already
				by += ": " + d.Desc
			}
			stays += fmt.Sprintf("| %s | %s |\n", list(imports([]string{d.Pkg})), by)
		}
	}
	return "\n" + may + "\n" + stays + "\n", nil
}

// folders returns the folders that a rule applies to, and those that it excludes.
func folders(globs []string) (in, except []string) {
	for _, g := range globs {
		name, left := strings.CutPrefix(g, "!")
		name = strings.TrimSuffix(strings.TrimPrefix(name, "**/"), "/*.go")
		name = strings.TrimSuffix(name, "/**")
		switch {
		case name == "$test":
		case left:
			except = append(except, name)
		default:
			in = append(in, name)
		}
	}
	return in, except
}

func imports(paths []string) []string {
	var short []string
	for _, p := range paths {
		if p != "$gostd" {
			short = append(short, strings.TrimPrefix(p, module))
		}
	}
	return short
}

func list(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		exact, alone := strings.CutSuffix(name, "$") // without the packages below it
		quoted[i] = "`" + exact + "`"
		if alone {
			quoted[i] += " without the packages below it"
		}
	}
	return strings.Join(quoted, ", ")
}
