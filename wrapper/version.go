package wrapper

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
)

func checkVersion(v generated.APIVersion) error {
	if _, _, ok := versionNumbers(v); !ok {
		return fmt.Errorf("api-version %q: it must be two numbers with a point between them, such as 6.0", string(v))
	}
	return nil
}

// knowsTimeout looks at one operation: all have the timeout in common.
func knowsTimeout(v generated.APIVersion) bool {
	return slices.ContainsFunc(generated.Operations[0].Parameters, func(p *generated.Parameter) bool {
		return p.Name == "timeout" && fromVersion(v, generated.APIVersion(p.Since))
	})
}

// fromVersion reports whether v is first or a later version.
func fromVersion(v, first generated.APIVersion) bool {
	a, b, ok := versionNumbers(v)
	c, d, _ := versionNumbers(first)
	return ok && (a > c || a == c && b >= d)
}

func versionNumbers(v generated.APIVersion) (major, minor uint64, ok bool) {
	before, after, _ := strings.Cut(string(v), ".")
	major, err := strconv.ParseUint(before, 10, 16)
	minor, err2 := strconv.ParseUint(after, 10, 16)
	return major, minor, err == nil && err2 == nil
}
