package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// edit is a change of the document: a patch, whose first line is the name of the edit.
type edit struct {
	patch, name string
	file        string // the first file that it changes
	short       string // its name in file names
}

var changed = regexp.MustCompile(`(?m)^diff --git a/(\S+)`)

// edits reads the patches in a folder, in the order of their file names.
func edits(folder string) ([]edit, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.patch"))
	if err != nil {
		return nil, err
	}
	var all []edit
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		name, diff, _ := strings.Cut(string(text), "\n")
		_, short, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".patch"), "-")
		all = append(all, edit{file, name, changed.FindStringSubmatch(diff)[1], short})
	}
	return all, nil
}

// apply applies the edit in a copy. One line of context is enough, so that the patch still applies after other changes
// of the document.
func (e edit) apply(ctx context.Context, dir string) error {
	_, err := command(ctx, dir, "git", "apply", "-C1", e.patch)
	return err
}
