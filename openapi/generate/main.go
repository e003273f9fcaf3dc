// Command generate makes package generated from the document. It runs at the root of the repository:
//
//	go run ./openapi/generate
package main

import (
	"fmt"
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
	files, err := emit.Files(os.DirFS(root))
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, "generated", name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
