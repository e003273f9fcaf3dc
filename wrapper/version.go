package wrapper

import (
	"fmt"
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
	if _, ok := v.major(); !ok {
		return fmt.Errorf("api-version %q: it must be two numbers with a point between them, such as 6.0", string(v))
	}
	return nil
}

// knowsTimeout: the timeout parameter is documented from 6.0 on.
func (v APIVersion) knowsTimeout() bool {
	major, ok := v.major()
	return ok && major >= 6
}

func (v APIVersion) major() (uint64, bool) {
	major, minor, _ := strings.Cut(string(v), ".")
	a, err := strconv.ParseUint(major, 10, 16)
	_, err2 := strconv.ParseUint(minor, 10, 16)
	return a, err == nil && err2 == nil
}
