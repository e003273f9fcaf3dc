package server

import (
	"iter"
	"net/url"
	"strings"
)

// A raw query has two readings. The gateway's own parser (§1.3, httpgateway/GatewayUri.cpp) takes
// names and values as they are: nothing is percent-decoded, a plus is a plus, names mind their
// case, and the first of several pairs of one name is the one that counts. It is that of every
// parameter of the runtime. A parameter that only the document has is read as everybody writes it.

// rawValue returns the value of the first pair of that name as the gateway sees it.
func rawValue(raw, name string) (value string, ok bool) {
	for more := true; more; {
		var piece string
		piece, raw, more = strings.Cut(raw, "&")
		if !strings.HasPrefix(piece, name) && !strings.HasPrefix(piece, "=") {
			continue // most pieces, at the price of a look
		}
		// Empty parts are skipped, so that a==b is a pair and a= is none, and a=b=c has a part
		// too many.
		first, rest := part(piece)
		if first != name {
			continue
		}
		if value, rest = part(rest); value == "" {
			continue
		}
		if more, _ := part(rest); more == "" {
			return value, true
		}
	}
	return "", false
}

// part cuts the first part that is not empty off a piece.
func part(piece string) (part, rest string) {
	piece = strings.TrimLeft(piece, "=")
	part, rest, _ = strings.Cut(piece, "=")
	return part, rest
}

// values yields the values of a name, decoded. One that cannot be decoded is as it came.
func values(raw, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for piece := range strings.SplitSeq(raw, "&") {
			key, value, _ := strings.Cut(piece, "=")
			if decoded(key) == name && !yield(decoded(value)) {
				return
			}
		}
	}
}

func decoded(text string) string {
	if !strings.ContainsAny(text, "%+") {
		return text
	}
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}
