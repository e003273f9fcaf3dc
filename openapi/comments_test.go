package openapi_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
)

// described are the packages whose comments people read instead of the document.
var described = []string{"wrapper", "server", "sftest", "cmd/sfcancel"}

// told is a sentence in which a comment repeats what the document says, with the values in parentheses.
// Without values it has a number that is none of the document's.
type told struct {
	where    string // a package
	sentence string // a regular expression
	values   []string
}

func tellings() []told {
	version, timeout := inTable("api-version"), inTable("timeout")
	whole, _ := strconv.Atoi(timeout.Default)
	oldest := generated.APIVersions[0]
	return []told{
		{"wrapper", `in whole seconds from (\d+) to (\d+)\.`, []string{timeout.Minimum, timeout.Maximum}},
		{"wrapper", `what is left of the context, (\d+) seconds at most`, []string{timeout.Default}},
		{"wrapper", `It needs api-version (\S+);`, []string{timeout.Since}},
		{"wrapper", `api-version (\S+) has none and sends none`, []string{lastBefore(timeout.Since)}},
		{"wrapper", `0 means (\d+) s, or what \[CancelOptions\]\.Timeout says and 5 s`, []string{strconv.Itoa(whole + 5)}},
		{"wrapper", `The default is \[generated\.APIVersion(\d+)\]`, []string{strings.ReplaceAll(version.Default, ".", "")}},
		{"server", `MAJOR\.MINOR from (\S+) up to`, []string{oldest}},
		{"server", `timeout, from (\S+) on in its bounds`, []string{timeout.Since}},
		{"server", `ignored, and (\d+) s hold`, []string{timeout.Default}},
		{"server", `on timeout below (\S+), both`, []string{timeout.Since}},
		{"server", `The document describes it from api-version (\S+) on`, []string{timeout.Since}},
		{"server", `below the first documented one \((\S+)\)`, []string{oldest}},

		{"wrapper", `joined by ~ from api-version 6\.0 on`, nil}, // the description of serviceId, in words
		{"server", `its timeout plus 30 s`, nil},
		{"server", `later than the timeout plus 30 s`, nil},
		{"server", `turns the answer into 504`, nil},
	}
}

func inTable(name string) *generated.Parameter {
	for _, o := range generated.Operations {
		for _, p := range o.Parameters {
			if p.Name == name {
				return p
			}
		}
	}
	return new(generated.Parameter)
}

// lastBefore is the last documented version without what came with one.
func lastBefore(version string) string {
	if i := slices.Index(generated.APIVersions[:], version); i > 0 {
		return generated.APIVersions[i-1]
	}
	return ""
}

// Comments say what the document says, also when that changes: a bound, a default, or since when there is
// something. A sentence of a doc comment that has the name of a parameter and a number is in the table.
func TestCommentsRepeatTheDocument(t *testing.T) {
	t.Parallel()
	var names []string
	for _, o := range generated.Operations {
		for _, p := range o.Parameters {
			names = append(names, regexp.QuoteMeta(p.Name), regexp.QuoteMeta(strings.ToUpper(p.Name[:1])+p.Name[1:]))
		}
	}
	suspect := regexp.MustCompile(`\b(?:` + strings.Join(names, "|") + `)\b`)
	number := regexp.MustCompile(`(?:^|[\s(])\d`)
	sentences := regexp.MustCompile(`[.;:](?:\s|$)`)

	table := tellings()
	for _, folder := range described {
		seen := make([]int, len(table))
		for _, c := range comments(t, folder) {
			text := strings.Join(strings.Fields(c.text), " ")
			for i, one := range table {
				if one.where != folder {
					continue
				}
				for _, m := range regexp.MustCompile(one.sentence).FindAllStringSubmatch(text, -1) {
					seen[i]++
					if one.values != nil && !slices.Equal(m[1:], one.values) {
						t.Errorf("%s: the comment says %q; by the document it is %s", c.at, m[0], strings.Join(one.values, " and "))
					}
				}
			}
			if !c.doc {
				continue
			}
			for _, sentence := range sentences.Split(strings.Join(strings.Fields(proseOf(c.text)), " "), -1) {
				if suspect.MatchString(sentence) && number.MatchString(sentence) && !slices.ContainsFunc(table, func(one told) bool {
					at := regexp.MustCompile(one.sentence).FindStringIndex(text)
					return one.where == folder && at != nil && strings.Contains(sentence, strings.TrimRight(text[at[0]:at[1]], ".;"))
				}) {
					t.Errorf("%s: %q has a number and a parameter: say in the table of this test what of the document it is", c.at, sentence)
				}
			}
		}
		for i, one := range table {
			if one.where == folder && seen[i] != 1 {
				t.Errorf("%d comments of %s say %q, want one: correct the table of this test", seen[i], folder, one.sentence)
			}
		}
	}
}

// proseOf is a comment without what is set as code, such as a table.
func proseOf(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "\t") }), "\n")
}

type commented struct {
	at, text string
	doc      bool // it belongs to something that has a name
}

// comments are those of a package, without its tests.
func comments(t *testing.T, folder string) (all []commented) {
	t.Helper()
	files, err := fs.Glob(os.DirFS(".."), folder+"/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no files: %v", folder, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, filepath.Join("..", file), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		docs := make(map[*ast.CommentGroup]bool)
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.File:
				docs[n.Doc] = true
			case *ast.FuncDecl:
				docs[n.Doc] = true
			case *ast.GenDecl:
				docs[n.Doc] = true
			case *ast.ValueSpec:
				docs[n.Doc], docs[n.Comment] = true, true
			case *ast.Field:
				docs[n.Doc], docs[n.Comment] = true, true
			}
			return true
		})
		for _, group := range parsed.Comments {
			all = append(all, commented{file + ":" + strconv.Itoa(set.Position(group.Pos()).Line), group.Text(), docs[group]})
		}
	}
	return all
}
