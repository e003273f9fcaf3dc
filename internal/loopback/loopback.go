// Package loopback tells addresses and hosts that only this machine reaches from others.
package loopback

import (
	"net"
	"strings"
)

// Host says whether the Host of a request is localhost, a name below it, or a loopback address, with a port
// or without. A missing one counts: a browser does not leave it out.
func Host(host string) bool {
	host = Name(host)
	if host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Name is the host of a Host without a port, in lower case.
func Name(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// Address says whether nobody but this machine reaches an address to listen on, HOST:PORT.
func Address(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}
