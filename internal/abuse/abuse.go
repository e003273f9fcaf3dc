// Package abuse has the form in which a test says what an abuse of a server costs: a line with
// each figure and its limit.
//
//	abuse=lists-given-up rss=+12MB limit=64MB cpu=0.4s limit=1s cancel=12ms limit=100ms ok
package abuse

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Figure is something measured, and the most it may be. The zero value is shown as nothing.
type Figure struct {
	name, value, limit string
	over, timed        bool
}

// Count is how often something happened.
func Count(name string, n, limit int) Figure {
	return Figure{name: name, value: strconv.Itoa(n), limit: strconv.Itoa(limit), over: n > limit}
}

// Memory is by how many KiB something grew. It is shown in MB, which are 1024 KiB.
func Memory(name string, kib, limit int) Figure {
	return Figure{name: name, value: fmt.Sprintf("%+dMB", kib>>10), limit: fmt.Sprintf("%dMB", limit>>10), over: kib > limit}
}

// Time is how long something took, of the processor or of the clock.
func Time(name string, d, limit time.Duration) Figure {
	return Figure{name: name, value: short(d), limit: short(limit), over: d > limit, timed: true}
}

// Ratio is how many times as long something took as something else.
func Ratio(name string, r, limit float64) Figure {
	return Figure{name: name, value: fmt.Sprintf("%.2fx", r), limit: fmt.Sprintf("%gx", limit), over: !(r <= limit), timed: true}
}

// Free returns f without its limit.
func (f Figure) Free() Figure {
	f.limit, f.over = "", false
	return f
}

// Timed reports whether f depends on what else the machine does.
func (f Figure) Timed() bool { return f.timed }

// Over reports whether f is over its limit.
func (f Figure) Over() bool { return f.over }

// short is a duration in three or four digits.
func short(d time.Duration) string {
	for unit := time.Second; unit >= time.Microsecond; unit /= 1000 {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}

// Line is the line of an abuse. It ends with ok, or with short if a figure is over its limit.
func Line(name string, figures ...Figure) (line string, ok bool) {
	var b strings.Builder
	fmt.Fprintf(&b, "abuse=%s", name)
	ok = true
	for _, f := range figures {
		if f.name == "" {
			continue
		}
		fmt.Fprintf(&b, " %s=%s", f.name, f.value)
		if f.limit != "" {
			fmt.Fprintf(&b, " limit=%s", f.limit)
		}
		ok = ok && !f.over
	}
	if ok {
		return b.String() + " ok", true
	}
	return b.String() + " short", false
}
