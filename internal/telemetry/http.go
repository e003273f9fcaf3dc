// Package telemetry is shared by the spans and metrics of clients and of servers: the
// rules of the semantic conventions for HTTP, version 1.43.0, and the providers of OpenTelemetry.
package telemetry

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// Other replaces every unknown name (registry, http.request.method and error.type).
const Other = "_OTHER"

// methods are the methods that the conventions know (HTTP spans, http.request.method).
var methods = []string{
	http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodHead,
	http.MethodOptions, http.MethodConnect, http.MethodTrace, "QUERY",
}

// Method returns the http.request.method of a request.
func Method(text string) string {
	if slices.Contains(methods, text) {
		return text
	}
	return Other
}

// SpanName returns the name of the span of a request, from its [Method] and its path template,
// which is "" if there is none (HTTP spans, "Name").
func SpanName(method, template string) string {
	if method == Other {
		method = "HTTP"
	}
	if template == "" {
		return method
	}
	return method + " " + template
}

// Address returns the server.address and the server.port of a URL, also if it is the default port.
func Address(u *url.URL) (host string, port int) {
	if port, err := strconv.Atoi(u.Port()); err == nil {
		return u.Hostname(), port
	}
	if u.Scheme == "https" {
		return u.Hostname(), 443
	}
	return u.Hostname(), 80
}

// Protocol returns the network.protocol.version of a message; "" if it is not known.
func Protocol(major, minor int) string {
	switch {
	case major > 1: // the conventions write HTTP/2 as "2"
		return strconv.Itoa(major)
	case major == 1:
		return "1." + strconv.Itoa(minor)
	default:
		return ""
	}
}
