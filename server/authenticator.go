package server

import (
	"errors"
	"net/http"
)

// Authenticator finds out who sends a request: by a bearer token, by a header that a proxy sets, by
// whatever the certificates of [WithClientCertificates] are not. It returns the role, and a name
// for the log. An error turns the client away with 403 and an empty body, and is logged; an [*Error]
// is sent as it is, as 401 with a WWW-Authenticate header or 503 while keys cannot be had.
// It is called by several goroutines at once, after path, verb, api-version and ClusterId were
// judged and before the body is read.
type Authenticator func(r *http.Request) (role Role, name string, err error)

// WithAuthenticator sets who finds out who sends a request. It excludes [WithClientCertificates].
// Roles are then on: a user may look, an admin may all. Nil is an error.
func WithAuthenticator(a Authenticator) Option {
	return func(c *config) error {
		if a == nil {
			return errors.New("server: the authenticator is nil")
		}
		c.authenticator = a
		return nil
	}
}

var errNoRole = errors.New("the authenticator gave the client no role")

// identify takes in what an authenticator says.
func (x *exchange) identify(a Authenticator, r *http.Request) error {
	role, name, err := a(r)
	x.client.name = excerpt(name)
	switch {
	case err != nil:
		return err
	case role != User && role != Admin:
		return errNoRole
	}
	x.client.role = role
	return nil
}
