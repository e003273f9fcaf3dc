package wrapper

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
)

// APIVersion is an api-version as it goes over the wire, MAJOR.MINOR.
type APIVersion string

// The versions that have a document.
const (
	APIVersion30 = APIVersion(generated.APIVersion30)
	APIVersion60 = APIVersion(generated.APIVersion60)
)

func (v APIVersion) check() error {
	if _, _, ok := v.numbers(); !ok {
		return fmt.Errorf("api-version %q: it must be two numbers with a point between them, such as 6.0", string(v))
	}
	return nil
}

// knowsTimeout looks at one operation: all have the timeout in common.
func (v APIVersion) knowsTimeout() bool {
	return slices.ContainsFunc(generated.Operations[0].Parameters, func(p *generated.Parameter) bool {
		return p.Name == "timeout" && v.from(APIVersion(p.Since))
	})
}

func (v APIVersion) from(first APIVersion) bool {
	a, b, ok := v.numbers()
	c, d, _ := first.numbers()
	return ok && (a > c || a == c && b >= d)
}

func (v APIVersion) numbers() (major, minor uint64, ok bool) {
	before, after, _ := strings.Cut(string(v), ".")
	major, err := strconv.ParseUint(before, 10, 16)
	minor, err2 := strconv.ParseUint(after, 10, 16)
	return major, minor, err == nil && err2 == nil
}
