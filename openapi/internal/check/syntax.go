package check

import (
	"regexp"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

var yamlLine = regexp.MustCompile(`^yaml: (?:line \d+: )?`)

// parse parses a file, which must be a mapping, or reports the syntax error.
func parse(file string, text []byte) (*yaml.Node, *Problem) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		line, column := brokenAt(string(text))
		return nil, &Problem{file, line, column, "this cannot be read as YAML: " + yamlLine.ReplaceAllString(err.Error(), "")}
	}
	if len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		return nil, &Problem{file, 1, 1, "there is no document in this file: it must be a mapping"}
	}
	return root.Content[0], nil
}

// brokenAt finds the line that breaks the syntax. The library reports the line on which the broken construct begins, often
// far above. It reads from the top, so its error is the same for every prefix of the text that includes the line at which
// it stops. The text before the broken line, such as that of an unclosed quote, can be parsed.
func brokenAt(text string) (line, column int) {
	lines := strings.SplitAfter(text, "\n")
	complaint := func(n int) string {
		var root yaml.Node
		if err := yaml.Unmarshal([]byte(strings.Join(lines[:n], "")), &root); err != nil {
			return err.Error()
		}
		return ""
	}
	whole := complaint(len(lines))
	line = 1 + sort.Search(len(lines)-1, func(n int) bool { return complaint(n+1) == whole })
	for begin := line; begin > max(1, line-100); begin-- { // flow mappings and quotes are shorter
		if complaint(begin-1) == "" {
			line = begin
			break
		}
	}
	here := lines[line-1]
	return line, 1 + len(here) - len(strings.TrimLeft(here, " "))
}

// twice reports duplicate keys of mappings, and keeps only the first.
func (c *checker) twice(root *yaml.Node) {
	for node := range nodes(root) {
		if node.Kind != yaml.MappingNode {
			continue
		}
		seen := make(map[string]bool)
		var kept []*yaml.Node
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			if seen[key.Value] {
				c.report(key, "%s is here twice: take one of the two out", key.Value)
				continue
			}
			seen[key.Value] = true
			kept = append(kept, key, node.Content[i+1])
		}
		node.Content = kept
	}
}
