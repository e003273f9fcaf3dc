package overlaid

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

const ending = ".overlay.yaml"

// Versions lists the api-versions that have an overlay in a folder, oldest first: v6.0.overlay.yaml is that of 6.0.
// Files without a version in their name are ignored.
func Versions(tree fs.FS, folder string) []string {
	files, err := fs.Glob(tree, path.Join(folder, "v*"+ending))
	if err != nil {
		return nil // cannot happen: the pattern is valid
	}
	var versions []string
	for _, file := range files {
		if version := strings.TrimSuffix(strings.TrimPrefix(path.Base(file), "v"), ending); isVersion(version) {
			versions = append(versions, version)
		}
	}
	slices.SortFunc(versions, func(a, b string) int {
		x, _ := parse(a)
		y, _ := parse(b)
		return slices.Compare(x[:], y[:])
	})
	return versions
}

// isVersion reports whether a text is an api-version, MAJOR.MINOR.
func isVersion(text string) bool {
	_, err := parse(text)
	return err == nil
}

// File returns the file name of the overlay of an api-version.
func File(version string) string { return "v" + version + ending }

// parse reads an api-version, MAJOR.MINOR.
func parse(text string) (version [2]uint64, err error) {
	major, minor, ok := strings.Cut(text, ".")
	if version[0], err = strconv.ParseUint(major, 10, 32); err == nil {
		version[1], err = strconv.ParseUint(minor, 10, 32)
	}
	if !ok || err != nil || text != fmt.Sprintf("%d.%d", version[0], version[1]) {
		return version, fmt.Errorf("%q is no api-version, which is MAJOR.MINOR", text)
	}
	return version, nil
}

// after reports whether a is a later version than b.
func after(a, b [2]uint64) bool { return slices.Compare(a[:], b[:]) > 0 }
