// Command generate makes package generated from the document. It runs at the root of the repository:
//
//	go run ./openapi/generate
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sfcancel/sfcancel/openapi/emit"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	made, err := files(os.DirFS(root))
	if err != nil {
		return err
	}
	for name, text := range made {
		if err := os.WriteFile(filepath.Join(root, "generated", name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// files are the files of package generated, by their names.
func files(tree fs.FS) (map[string][]byte, error) {
	made, err := emit.Files(tree)
	if err != nil {
		return nil, err
	}
	return made, digits(made)
}
