package server

import (
	"net/url"
	"strings"
)

// Names of the parameters that every operation has.
const (
	apiVersionName = "api-version"
	timeoutName    = "timeout"
)

// query is a raw query, cut into the pieces between its ampersands. It follows
// the gateway's own parser (§1.3, httpgateway/GatewayUri.cpp) instead of
// net/url: nothing is percent-decoded, a plus is a plus, names mind their case,
// and the first of several pairs of one name is the one that counts.
type query []piece

type piece struct {
	raw         string
	name, value string
	pair        bool // whether the gateway sees a name and a value in it
}

func parseQuery(raw string) query {
	var q query
	for text := range strings.SplitSeq(raw, "&") {
		if text == "" {
			continue
		}
		p := piece{raw: text}
		// Empty parts are skipped, so that a==b is a pair and a= is none, and
		// a=b=c has a part too many.
		parts := strings.FieldsFunc(text, func(r rune) bool { return r == '=' })
		if p.pair = len(parts) == 2; p.pair {
			p.name, p.value = parts[0], parts[1]
		} else {
			p.name, _, _ = strings.Cut(text, "=")
		}
		q = append(q, p)
	}
	return q
}

// first returns the value of the first pair of that name.
func (q query) first(name string) (value string, ok bool) {
	for _, p := range q {
		if p.pair && p.name == name {
			return p.value, true
		}
	}
	return "", false
}

// canonical collects the query that the generated binder gets to read.
type canonical struct {
	b     strings.Builder
	known map[string]bool
}

// add writes a judged parameter. The binder decodes, so the raw text is
// encoded: what it reads is what was sent.
func (c *canonical) add(name, value string) {
	c.skip(name)
	c.next()
	c.b.WriteString(url.QueryEscape(name))
	c.b.WriteByte('=')
	c.b.WriteString(url.QueryEscape(value))
}

// skip notes that a parameter was judged and that the binder shall not see it.
func (c *canonical) skip(name string) {
	if c.known == nil {
		c.known = make(map[string]bool)
	}
	c.known[name] = true
}

// maxPassed bounds the unknown pieces that go on to the binder. net/url gives
// up on all parameters when there are more than ten thousand.
const maxPassed = 1000

// pass hands on, untouched, what no rule here knows, so that a parameter that
// the document gains reaches the binder. A piece that only becomes a judged
// name by decoding is dropped: to the gateway it is unknown, and to the binder
// it would be a second value.
func (c *canonical) pass(q query) {
	passed := 0
	for _, p := range q {
		key, _, _ := strings.Cut(p.raw, "=")
		decoded, err := url.QueryUnescape(key)
		if err != nil || c.known[decoded] || c.known[p.name] || passed == maxPassed {
			continue
		}
		passed++
		c.next()
		c.b.WriteString(p.raw)
	}
}

func (c *canonical) next() {
	if c.b.Len() > 0 {
		c.b.WriteByte('&')
	}
}

func (c *canonical) String() string { return c.b.String() }
