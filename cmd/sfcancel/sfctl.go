package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// sfctlPath is where sfctl keeps the cluster that it has selected (sfctl, config.py).
func sfctlPath() (string, error) {
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".sfctl", "config"), err
}

// fromSfctl converts the selection of sfctl to a cluster, with notes about what it could not import. It leaves out the
// tokens that sfctl keeps there.
func fromSfctl(path, content string) (values map[string][]string, notes []string, err error) {
	had := ini(content, "servicefabric")
	endpoint := had["endpoint"]
	if endpoint == "" {
		return nil, nil, fmt.Errorf("%s names no endpoint: select a cluster with sfctl first, or use sfcancel config set-cluster", path)
	}
	if hasPassword(endpoint) {
		return nil, nil, errors.New("the endpoint of sfctl contains a password, which is not imported")
	}
	// A repeated import removes the values of the earlier one.
	values = map[string][]string{"endpoints": {endpoint}, "cert": nil, "key": nil, "ca": nil, "token-command": nil}
	switch had["security"] {
	case "pem":
		values["cert"], values["key"] = []string{had["pem_path"]}, []string{had["pem_path"]}
	case "cert":
		values["cert"], values["key"] = []string{had["cert_path"]}, []string{had["key_path"]}
	case "aad":
		values["token-command"] = []string{"az account get-access-token --query accessToken --output tsv --resource " + had["aad_resource"]}
		notes = append(notes, "tokens come from az from now on: log in with az login")
	}
	if isTrue(had["use_ca"]) {
		values["ca"] = []string{had["ca_path"]}
	}
	if isTrue(had["no_verify"]) {
		notes = append(notes, "sfctl does not verify this server; sfcancel always does: name its certificate with --server-thumbprint")
	}
	for key, texts := range values {
		if len(texts) == 1 && texts[0] == "" {
			return nil, nil, fmt.Errorf("%s: security is %s, but there is no %s", path, had["security"], key)
		}
	}
	return values, notes, nil
}

// isTrue reports whether Python's configparser takes a text for true.
func isTrue(text string) bool {
	switch strings.ToLower(text) {
	case "1", "yes", "true", "on":
		return true
	}
	return false
}

// ini returns the members of a section, as Python's configparser reads them: names in any case, with = or :.
func ini(content, section string) map[string]string {
	found, inside := make(map[string]string), false
	for line := range strings.Lines(content) {
		switch line = strings.TrimSpace(line); {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			inside = line == "["+section+"]"
		case inside:
			if at := strings.IndexAny(line, "=:"); at > 0 {
				found[strings.ToLower(strings.TrimSpace(line[:at]))] = strings.TrimSpace(line[at+1:])
			}
		}
	}
	return found
}
