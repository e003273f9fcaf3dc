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

// configFile is the file of named clusters. Changes keep its comments.
type configFile struct {
	path     string
	current  string
	clusters map[string]*clusterConfig
	root     *yaml.Node // the mapping of the document
}

// clusterConfig is a cluster in the file.
type clusterConfig struct {
	name      string
	protected bool
	values    map[string][]string // by the key of a setting
}

// configPath returns the path of the file.
func configPath() (string, error) { return configPathOn(runtime.GOOS, os.Getenv, os.UserHomeDir) }

// configPathOn is configPath for any system. It ignores a relative XDG_CONFIG_HOME, as its specification requires.
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

// loadConfig reads the file of the user. A file that does not exist is empty. A file that other users can write to
// is refused: they could name a command that the program would run.
func loadConfig() (*configFile, error) {
	path, err := configPath()
	if err != nil { // no home, as in a service: there is no file
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

// parseConfig parses a file. Its errors name the line.
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
				err = at(value, errors.New("this file must not contain a password"))
			}
			return err
		}
		return unknownKey(key, clusterKeys())
	})
}

// checkClusterName accepts names that can be typed without quotes.
func checkClusterName(name string) error {
	if name == "" || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool {
		return !strings.ContainsRune("-_.", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) || strings.HasPrefix(name, "-") {
		return fmt.Errorf("%q is not a name for a cluster: use only letters, digits, \"-\", \".\" and \"_\"", name)
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

// at adds the line of a node to an error.
func at(node *yaml.Node, err error) error { return fmt.Errorf("%s: %w", strconv.Itoa(node.Line), err) }

// members calls each for every member of a mapping. A key that occurs twice is an error.
func members(mapping *yaml.Node, each func(key, value *yaml.Node) error) error {
	if mapping.Kind != yaml.MappingNode {
		return at(mapping, errors.New("it must be a mapping, with a key and a colon in each line"))
	}
	seen := make(map[string]bool)
	for i := 0; i < len(mapping.Content); i += 2 {
		key := mapping.Content[i]
		if seen[key.Value] {
			return at(key, fmt.Errorf("the key %q occurs twice", key.Value))
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

// texts returns the text of a scalar or, if list is true, the texts of a sequence.
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

// names returns the names of the clusters, sorted.
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

// under returns the mapping that is a member of a mapping. It adds the member if it does not exist.
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

// scalar returns a node for a text, with quotes if YAML would read something else.
func scalar(value string) *yaml.Node {
	node := new(yaml.Node)
	node.SetString(value)
	return node
}

// setCurrent makes a cluster the current one.
func (file *configFile) setCurrent(name string) {
	file.current = name
	putMember(file.root, "current", scalar(name))
}

// setCluster sets the given values of a cluster and keeps its others. A value without texts is removed.
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

// save writes the file atomically, with access for its owner only.
func (file *configFile) save() (err error) {
	var content bytes.Buffer
	out := yaml.NewEncoder(&content)
	out.SetIndent(2)
	if err := errors.Join(out.Encode(file.root), out.Close()); err != nil {
		return err
	}
	if _, err := parseConfig(file.path, content.Bytes()); err != nil { // loadConfig must accept it
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
