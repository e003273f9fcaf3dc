package main

import (
	"go/format"
	"regexp"
)

// numbered is a constant of an enum whose text begins with a digit: its name, its type and the text.
var numbered = regexp.MustCompile(`(?m)^\t(\w+)N(\d\w*)\s+(\w+)\s+= "\d`)

// digits takes back the N that oapi-codegen puts before a digit that a name begins with, where the name of the type
// comes first anyway: APIVersion30 for "3.0", in all files.
func digits(files map[string][]byte) error {
	names := make(map[string]string)
	for _, text := range files {
		for _, m := range numbered.FindAllSubmatch(text, -1) {
			if string(m[1]) == string(m[3]) {
				names[string(m[1])+"N"+string(m[2])] = string(m[1]) + string(m[2])
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	identifier := regexp.MustCompile(`\b\w+N\d\w*\b`)
	for file, text := range files {
		named := identifier.ReplaceAllFunc(text, func(old []byte) []byte {
			if name, ok := names[string(old)]; ok {
				return []byte(name)
			}
			return old
		})
		formatted, err := format.Source(named)
		if err != nil {
			return err
		}
		files[file] = formatted
	}
	return nil
}
