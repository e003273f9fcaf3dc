package sftest

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/sfcancel/sfcancel/internal/wirefault"
)

// CutBody carries the request out, and closes the connection after the header and n
// bytes of the answer's body. An answer whose body is no longer than that fails the
// test, because nothing can be cut off it. The success of a cancel or a start is one: its
// body is empty, and [DropAfter] is what can happen to it.
func CutBody(n int) Fault {
	name := fmt.Sprintf("CutBody(%d)", n)
	return Fault{name, func(c *Cluster, _ Matcher) (wirefault.Through, error) {
		if n < 0 {
			return nil, errors.New("the number of bytes must not be negative")
		}
		return wirefault.CutBody(n, func(r *http.Request, has int) {
			c.tb.Errorf("sftest: %s: the body of the answer to %s %s has %d bytes, so nothing was cut off; to lose an answer use DropAfter",
				name, r.Method, r.URL.RequestURI(), has)
		}), nil
	}}
}
