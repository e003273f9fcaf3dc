package otel

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// target is where a request goes, in the terms of the conventions.
type target struct {
	method  string
	address string
	port    int
}

// methods are those that the conventions know (HTTP spans, http.request.method).
var methods = []string{
	http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodHead,
	http.MethodOptions, http.MethodConnect, http.MethodTrace, "QUERY",
}

func targetOf(r *http.Request) target {
	t := addressOf(r.URL)
	t.method = other
	if slices.Contains(methods, r.Method) {
		t.method = r.Method
	}
	return t
}

func addressOf(u *url.URL) target {
	t := target{address: u.Hostname(), port: 80}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		t.port = port
	} else if u.Scheme == "https" {
		t.port = 443
	}
	return t
}

// endpointOf is the address of an endpoint, without its path.
func endpointOf(endpoint string) target {
	var u url.URL
	_ = u.UnmarshalBinary([]byte(endpoint)) // wrapper.New has parsed it
	return addressOf(&u)
}

// String is the address and the port, as they are dialled.
func (t target) String() string { return net.JoinHostPort(t.address, strconv.Itoa(t.port)) }

// templates are the paths of the document, with what stands before and after the names
// in them.
var templates = []route{
	{"Faults/", "", "Faults/"},
	{"Faults/$/Cancel", "", "Faults/$/Cancel"},
	node("StartTransition/"),
	node("GetTransitionProgress"),
	partition("StartDataLoss"),
	partition("GetDataLossProgress"),
	partition("StartQuorumLoss"),
	partition("GetQuorumLossProgress"),
	partition("StartRestart"),
	partition("GetRestartProgress"),
}

type route struct{ before, after, whole string }

func node(verb string) route {
	return route{"Faults/Nodes/", "/$/" + verb, "Faults/Nodes/{nodeName}/$/" + verb}
}

func partition(verb string) route {
	return route{"Faults/Services/", "/$/" + verb, "Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/" + verb}
}

// templateOf is the url.template of an escaped path: that of the document, behind the path
// of the endpoint. It is "" for a path that is not of the document, so that no name of
// anything gets into the name of a span.
func templateOf(endpoint, path string) string {
	_, endpoint, _ = strings.Cut(endpoint, "://")
	_, prefix, _ := strings.Cut(endpoint, "/")
	rest, ok := strings.CutPrefix(path, "/"+prefix)
	if !ok {
		return ""
	}
	for _, t := range templates {
		switch {
		case t.after == "" && rest != t.before:
		case strings.HasPrefix(rest, t.before) && strings.HasSuffix(rest, t.after):
			return "/" + prefix + t.whole
		}
	}
	return ""
}

// spanName follows HTTP spans, "Name".
func spanName(method, template string) string {
	if method == other {
		method = "HTTP"
	}
	if template == "" {
		return method
	}
	return method + " " + template
}

// parameters are those of the document, none of which is secret.
var parameters = []string{
	"api-version", "timeout", "OperationId", "Force", "TypeFilter", "StateFilter",
	"DataLossMode", "QuorumLossMode", "QuorumLossDuration", "RestartPartitionMode",
	"NodeTransitionType", "NodeInstanceId", "StopDurationInSeconds",
}

const redacted = "REDACTED" // HTTP spans, note on url.full

// fullURL is the url.full of a request. Credentials are redacted, and so is the value of
// every parameter that is not of the document: middleware may have put a key there.
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
		case !slices.Contains(parameters, name) && !ok:
			b.WriteString(redacted)
		case !slices.Contains(parameters, name):
			b.WriteString(name + "=" + redacted)
		case !ok:
			b.WriteString(name)
		default:
			b.WriteString(name + "=" + value)
		}
	}
	return b.String()
}
