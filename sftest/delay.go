package sftest

import (
	"errors"
	"fmt"
	"time"

	"github.com/sfcancel/sfcancel/internal/wirefault"
)

// DelayBefore makes the request wait for d, as in the queue of a gateway, before the
// server sees it. It is carried out even if the caller has gone by then. Delays are in
// the time of package time, which is that of the bubble in a synctest test, and end
// with the cluster.
func DelayBefore(d time.Duration) Fault { return delayed("DelayBefore", d, wirefault.DelayBefore) }

// DelayAfter carries the request out at once, and holds the answer back for d.
func DelayAfter(d time.Duration) Fault { return delayed("DelayAfter", d, wirefault.DelayAfter) }

// Late closes the connection at once, as [DropBefore], and lets the server carry the
// request out d later all the same. What was lost, and perhaps sent again, can still
// arrive: nothing is harder on a client.
func Late(d time.Duration) Fault { return delayed("Late", d, wirefault.Late) }

func delayed(name string, d time.Duration, through func(wirefault.Life, time.Duration) wirefault.Through) Fault {
	return Fault{fmt.Sprintf("%s(%v)", name, d), func(c *Cluster, _ Matcher) (wirefault.Through, error) {
		if d < 0 {
			return nil, errors.New("a delay must not be negative")
		}
		return through(life{c}, d), nil
	}}
}

// life is that of a cluster.
type life struct{ c *Cluster }

func (l life) Sleep(d time.Duration) bool { return l.c.sleep(d) }
func (l life) Go(f func())                { l.c.running.Go(f) }
