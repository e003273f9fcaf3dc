package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sfcancel/sfcancel/internal/plain"
)

// configFile is the file with the clusters that have a name. Its comments stay when it is changed.
type configFile struct {
	path     string
	current  string
	clusters map[string]*clusterConfig
	root     *yaml.Node // its mapping
}

// clusterConfig is a cluster in the file.
type clusterConfig struct {
	name      string
	protected bool
	values    map[string][]string // by the key of a setting
}

// configPath is where the file is.
func configPath() (string, error) { return configPathOn(runtime.GOOS, os.Getenv, os.UserHomeDir) }

// configPathOn is configPath on any system. A relative XDG_CONFIG_HOME is none, as its specification has it.
func configPathOn(system string, env func(string) string, home func() (string, error)) (string, error) {
	own := filepath.Join("sfcancel", "config.yaml")
	if dir := env("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, own), nil
	}
	if system == "windows" {
		if dir := env("AppData"); dir != "" {
			return filepath.Join(dir, own), nil
		}
		return "", errors.New("%AppData% is not defined")
	}
	dir, err := home()
	switch {
	case err != nil:
		return "", err
	case system == "darwin":
		return filepath.Join(dir, "Library", "Application Support", own), nil
	}
	return filepath.Join(dir, ".config", own), nil
}

// loadConfig reads the file of the user. One that is not there is empty. One that others may write to is
// refused: they could name a command that it runs.
func loadConfig() (*configFile, error) {
	path, err := configPath()
	if err != nil { // no home, as of a service: there is no file
		return parseConfig("config.yaml", nil)
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return parseConfig(path, nil)
	}
	if err == nil {
		err = believable(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be used: %w", err)
	}
	return parseConfig(path, content)
}

// parseConfig reads a file. Its errors name the line.
func parseConfig(path string, content []byte) (*configFile, error) {
	file := &configFile{path: path, clusters: make(map[string]*clusterConfig), root: &yaml.Node{Kind: yaml.MappingNode}}
	in := yaml.NewDecoder(bytes.NewReader(content))
	var document yaml.Node
	switch err := in.Decode(&document); {
	case errors.Is(err, io.EOF):
		return file, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %s", path, plain.Text(strings.TrimPrefix(err.Error(), "yaml: ")))
	case !errors.Is(in.Decode(new(yaml.Node)), io.EOF):
		return nil, fmt.Errorf("%s: it has more than one document", path)
	}
	if document.Content[0].Tag == "!!null" {
		return file, nil
	}
	file.root = document.Content[0]
	err := members(file.root, func(key, value *yaml.Node) (err error) {
		switch key.Value {
		case "current":
			file.current, err = text(value)
			return err
		case "clusters":
			return members(value, file.readCluster)
		}
		return unknownKey(key, []string{"clusters", "current"})
	})
	if err == nil && file.current != "" && file.clusters[file.current] == nil {
		err = fmt.Errorf("1: the current cluster %q is not among the clusters", file.current)
	}
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	return file, nil
}

func (file *configFile) readCluster(name, what *yaml.Node) error {
	if err := checkClusterName(name.Value); err != nil {
		return at(name, err)
	}
	c := &clusterConfig{name: name.Value, values: make(map[string][]string)}
	file.clusters[c.name] = c
	return members(what, func(key, value *yaml.Node) (err error) {
		if key.Value == "protected" {
			if value.Decode(&c.protected) != nil {
				return at(value, errors.New("protected: it must be true or false"))
			}
			return nil
		}
		for _, s := range settings {
			if s.key != key.Value || s.key == "" {
				continue
			}
			c.values[s.key], err = texts(value, s.list)
			if slices.ContainsFunc(c.values[s.key], hasPassword) {
				err = at(value, errors.New("a file is no place for a password"))
			}
			return err
		}
		return unknownKey(key, clusterKeys())
	})
}

// checkClusterName takes what can be typed without quotes.
func checkClusterName(name string) error {
	if name == "" || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("-_.", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) || strings.HasPrefix(name, "-") {
		return fmt.Errorf("%q is no name of a cluster: it must have letters, digits, and - _ . alone", name)
	}
	return nil
}

func clusterKeys() []string {
	keys := []string{"protected"}
	for _, s := range settings {
		if s.key != "" {
			keys = append(keys, s.key)
		}
	}
	slices.Sort(keys)
	return keys
}

func unknownKey(key *yaml.Node, known []string) error {
	return at(key, fmt.Errorf("unknown key %q: it must be %s", key.Value, enumerate(known, "or")))
}

// at is an error with its line.
func at(node *yaml.Node, err error) error { return fmt.Errorf("%s: %w", strconv.Itoa(node.Line), err) }

// members calls each member of a mapping, none twice.
func members(mapping *yaml.Node, each func(key, value *yaml.Node) error) error {
	if mapping.Kind != yaml.MappingNode {
		return at(mapping, errors.New("it must be a mapping, with a key and a colon in each line"))
	}
	seen := make(map[string]bool)
	for i := 0; i < len(mapping.Content); i += 2 {
		key := mapping.Content[i]
		if seen[key.Value] {
			return at(key, fmt.Errorf("the key %q is there twice", key.Value))
		}
		seen[key.Value] = true
		if err := each(key, mapping.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func text(node *yaml.Node) (string, error) {
	all, err := texts(node, false)
	if err != nil {
		return "", err
	}
	return all[0], nil
}

// texts are those of a node, of which a list may have any number.
func texts(node *yaml.Node, list bool) ([]string, error) {
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag != "!!null":
		return []string{node.Value}, nil
	case node.Kind != yaml.SequenceNode || !list:
		return nil, at(node, errors.New("it must be a text"))
	}
	var all []string
	for _, item := range node.Content {
		one, err := text(item)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// names are those of the clusters, sorted.
func (file *configFile) names() []string { return slices.Sorted(maps.Keys(file.clusters)) }

// putMember sets a member of a mapping; a nil value removes it.
func putMember(mapping *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i < len(mapping.Content); i += 2 {
		switch {
		case mapping.Content[i].Value != key:
		case value == nil:
			mapping.Content = slices.Delete(mapping.Content, i, i+2)
			return
		default:
			value.LineComment = mapping.Content[i+1].LineComment
			mapping.Content[i+1] = value
			return
		}
	}
	if value != nil {
		mapping.Content = append(mapping.Content, scalar(key), value)
		mapping.Style &^= yaml.FlowStyle
	}
}

// under is the mapping that a member of a mapping is, made if it is not there.
func under(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key && mapping.Content[i+1].Kind == yaml.MappingNode {
			return mapping.Content[i+1]
		}
	}
	made := &yaml.Node{Kind: yaml.MappingNode}
	putMember(mapping, key, made)
	return made
}

// scalar is a text. It is quoted where YAML would take it for something else.
func scalar(value string) *yaml.Node {
	node := new(yaml.Node)
	node.SetString(value)
	return node
}

// setCurrent makes a cluster the one that is meant where none is named.
func (file *configFile) setCurrent(name string) {
	file.current = name
	putMember(file.root, "current", scalar(name))
}

// setCluster sets what the values have of a cluster, and leaves the rest of it. A value of no texts removes it.
func (file *configFile) setCluster(name string, values map[string][]string, protected *bool) {
	node := under(under(file.root, "clusters"), name)
	for _, s := range settings {
		texts, given := values[s.key]
		switch {
		case !given || s.key == "":
		case len(texts) == 0:
			putMember(node, s.key, nil)
		case s.list:
			list := &yaml.Node{Kind: yaml.SequenceNode}
			for _, text := range texts {
				list.Content = append(list.Content, scalar(text))
			}
			putMember(node, s.key, list)
		default:
			putMember(node, s.key, scalar(texts[0]))
		}
	}
	if protected != nil {
		value := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(*protected)}
		putMember(node, "protected", value)
	}
}

// save writes the file, whole or not at all, for its owner alone.
func (file *configFile) save() (err error) {
	var content bytes.Buffer
	out := yaml.NewEncoder(&content)
	out.SetIndent(2)
	if err := errors.Join(out.Encode(file.root), out.Close()); err != nil {
		return err
	}
	if _, err := parseConfig(file.path, content.Bytes()); err != nil { // what is written can be read
		return err
	}
	path := file.path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name())
		}
	}()
	_, err = temporary.Write(content.Bytes())
	if err := errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
