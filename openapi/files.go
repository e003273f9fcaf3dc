package openapi

import (
	"encoding/json"
	"fmt"

	"gopkg.in/yaml.v3"
)

// Files returns the whole document, faults, and the view of every documented api-version, such as
// v6.0, each as YAML and as JSON, by the name of the file: faults.yaml, faults.json, v6.0.yaml and so
// on. They are what server.WithDocument serves. The text of a file is always the same; the JSON is
// indented, its members are in the order of their names.
//
// The caller owns the files, and Files is safe for concurrent use. It has the errors of [View]; on an
// error the map is nil.
func Files() (map[string][]byte, error) {
	texts := map[string][]byte{"faults": Document()}
	for _, version := range Versions() {
		text, err := View(version)
		if err != nil {
			return nil, err
		}
		texts["v"+version] = text
	}
	files := make(map[string][]byte, 2*len(texts))
	for name, text := range texts {
		files[name+".yaml"] = text
		document, err := toJSON(text)
		if err != nil {
			return nil, fmt.Errorf("openapi: %s as JSON: %w", name, err)
		}
		files[name+".json"] = document
	}
	return files, nil
}

func toJSON(text []byte) ([]byte, error) {
	var document any
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	return json.MarshalIndent(document, "", "  ")
}
