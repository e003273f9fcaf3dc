package otel

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/telemetry"
)

// target is the method and the destination of a request, in the terms of the conventions.
type target struct {
	method  string
	address string
	port    int
}

func targetOf(r *http.Request) target {
	t := addressOf(r.URL)
	t.method = telemetry.Method(r.Method)
	return t
}

func addressOf(u *url.URL) (t target) {
	t.address, t.port = telemetry.Address(u)
	return t
}

// endpointOf returns the address of an endpoint, without its path.
func endpointOf(endpoint string) target {
	var u url.URL
	_ = u.UnmarshalBinary([]byte(endpoint)) // wrapper.New has parsed it
	return addressOf(&u)
}

// String returns host:port.
func (t target) String() string { return net.JoinHostPort(t.address, strconv.Itoa(t.port)) }

// templateOf returns the url.template of an escaped path: the path of the endpoint followed by the path in the
// document. It is "" for a path that is not in the document, so that the name of a span contains no names or ids.
func templateOf(endpoint, path string) string {
	_, endpoint, _ = strings.Cut(endpoint, "://")
	_, prefix, _ := strings.Cut(endpoint, "/")
	rest, ok := strings.CutPrefix(path, "/"+prefix)
	if !ok {
		return ""
	}
	if o := generated.OperationAt("", rest); o != nil {
		return "/" + prefix + strings.TrimPrefix(o.Path, "/")
	}
	return ""
}

// documented reports whether the document has a query parameter of this name. None of those is secret.
func documented(name string) bool {
	for i := range generated.Operations {
		if slices.ContainsFunc(generated.Operations[i].Parameters, func(p *generated.Parameter) bool { return p.In == "query" && p.Name == name }) {
			return true
		}
	}
	return false
}

const redacted = "REDACTED" // HTTP spans, note on url.full

// fullURL returns the url.full of a request. It redacts credentials, and the value of every parameter that is not
// in the document, where middleware may have put a key.
func fullURL(u *url.URL) string {
	var b strings.Builder
	b.WriteString(u.Scheme + "://")
	if u.User != nil {
		b.WriteString(redacted + ":" + redacted + "@")
	}
	b.WriteString(u.Host + u.EscapedPath())
	separator := byte('?')
	for parameter := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, ok := strings.Cut(parameter, "=")
		if parameter == "" {
			continue
		}
		b.WriteByte(separator)
		separator = '&'
		switch {
		case !documented(name) && !ok:
			b.WriteString(redacted)
		case !documented(name):
			b.WriteString(name + "=" + redacted)
		case !ok:
			b.WriteString(name)
		default:
			b.WriteString(name + "=" + value)
		}
	}
	return b.String()
}
