package check

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

// extension checks the extensions that this project defines: x-since and x-enum-since.
func (c *checker) extension(key, value *yaml.Node) {
	switch key.Value {
	case "x-since":
		c.came(value)
	case "x-enum-since":
		if value.Kind != yaml.MappingNode {
			c.report(value, "x-enum-since must be a mapping from values of the enum to the api-versions that they came with")
			return
		}
		for i := 0; i+1 < len(value.Content); i += 2 {
			c.came(value.Content[i+1])
		}
	}
}

func (c *checker) came(version *yaml.Node) {
	switch {
	case !slices.Contains(c.versions, version.Value):
		c.report(version, "%s is no documented api-version (%s): take one of those, or add %s",
			version.Value, strings.Join(c.versions, ", "), folder+overlaid.File(version.Value))
	case version.ShortTag() != "!!str":
		c.report(version, "an api-version is a text: put %s in quotes", version.Value)
	}
}

// since checks the document against the versions that have overlays and the last release.
func (c *checker) since(tree fs.FS) error {
	var listed []string
	documented := c.at("#/components/schemas/DocumentedApiVersion")
	if enum := overlaid.Value(documented, "enum"); enum != nil {
		for _, version := range enum.Content {
			listed = append(listed, version.Value)
			if !slices.Contains(c.versions, version.Value) {
				c.report(version, "api-version %s has no overlay: add %s", version.Value, folder+overlaid.File(version.Value))
			}
		}
	}
	files, err := fs.Glob(tree, folder+overlaid.File("*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		version := strings.TrimSuffix(strings.TrimPrefix(file, folder+"v"), ".overlay.yaml")
		text := ""
		switch {
		case !slices.Contains(c.versions, version):
			text = version + " is no api-version: name the file vMAJOR.MINOR.overlay.yaml"
		case documented != nil && !slices.Contains(listed, version):
			text = fmt.Sprintf("api-version %s is not in the enum of DocumentedApiVersion in %s: add it there", version, document)
		default:
			continue
		}
		c.found = append(c.found, Problem{file, 1, 1, text})
	}
	text, err := fs.ReadFile(tree, release)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	last, syntax := parse(release, text)
	if syntax != nil {
		c.found = append(c.found, *syntax)
		return nil
	}
	c.released(last, c.root, "", nil)
	return nil
}

// released reports enum values of the last release that the document no longer has.
func (c *checker) released(old, now *yaml.Node, name string, key *yaml.Node) {
	if old.Kind == yaml.SequenceNode && name == "parameters" {
		for _, parameter := range old.Content {
			for _, other := range now.Content {
				if name := text(parameter, "name"); name != "" && name == text(other, "name") && text(parameter, "in") == text(other, "in") {
					c.released(parameter, other, name, other)
				}
			}
		}
		return
	}
	if old.Kind != yaml.MappingNode {
		return
	}
	if overlaid.Value(old, "$ref") == nil {
		if now = c.resolve(now); now == nil {
			return // reported at the reference
		}
	}
	values, left := overlaid.Value(old, "enum"), overlaid.Value(now, "enum")
	if values != nil && values.Kind == yaml.SequenceNode && now != nil {
		if left == nil {
			c.report(key, "%s was an enum in the last release, so that this breaks callers: put enum back, or take it out of %s as well",
				name, release)
			return
		}
		var gone []*yaml.Node
		added := make(kind)
		for _, value := range slices.Concat(values.Content, left.Content) {
			switch was, is := among(value, values), among(value, left); {
			case !is:
				gone = append(gone, value)
			case !was:
				added[value.Value] = ""
			}
		}
		for _, value := range gone {
			became := nearest(value.Value, added)
			if len(gone) == 1 && len(added) == 1 {
				for only := range added {
					became = only
				}
			}
			if became != "" {
				became = " (it became " + became + ")"
			}
			c.report(c.name(now, "enum"), "%s of the last release is no longer in the enum%s, which breaks callers: put it back, or take it out of %s as well",
				value.Value, became, release)
		}
	}
	for i := 0; i+1 < len(old.Content); i += 2 {
		name := old.Content[i].Value
		if below := overlaid.Value(now, name); below != nil {
			c.released(old.Content[i+1], below, name, c.name(now, name))
		}
	}
}
