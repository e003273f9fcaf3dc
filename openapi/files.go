package openapi

import (
	"encoding/json"
	"fmt"

	"gopkg.in/yaml.v3"
)

// Files returns the whole document and the view of every documented api-version,
// each as YAML and as JSON. The keys are the file names: faults.yaml, faults.json, v6.0.yaml and so
// on. server.WithDocument serves these files. Their text is deterministic; the JSON is
// indented, with its members sorted by name.
//
// The caller owns the files, and Files is safe for concurrent use. Its errors are those of [View]; on an
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
