// Package telemetry has what the spans and metrics of clients and of servers have in common: the
// rules of the semantic conventions for HTTP, version 1.43.0, and the providers of OpenTelemetry.
package telemetry

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// Other stands for every name that is not a known one (registry, http.request.method and error.type).
const Other = "_OTHER"

// methods are those that the conventions know (HTTP spans, http.request.method).
var methods = []string{
	http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodHead,
	http.MethodOptions, http.MethodConnect, http.MethodTrace, "QUERY",
}

// Method is the http.request.method of a request.
func Method(text string) string {
	if slices.Contains(methods, text) {
		return text
	}
	return Other
}

// SpanName is the name of the span of a request, by its [Method] and by the template of its path,
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

// Address is the server.address and the server.port of a URL, also if the port is that of the scheme.
func Address(u *url.URL) (host string, port int) {
	if port, err := strconv.Atoi(u.Port()); err == nil {
		return u.Hostname(), port
	}
	if u.Scheme == "https" {
		return u.Hostname(), 443
	}
	return u.Hostname(), 80
}

// Protocol is the network.protocol.version of a message; "" if it is not known.
func Protocol(major, minor int) string {
	switch {
	case major > 1: // HTTP/2 is written so
		return strconv.Itoa(major)
	case major == 1:
		return "1." + strconv.Itoa(minor)
	default:
		return ""
	}
}
