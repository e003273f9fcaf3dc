package wrapper

import (
	"errors"
	"net/http"
	"net/url"
)

// Client cancels fault operations on one cluster. Make one with [New] and keep it:
// it is safe for concurrent use, and one warm connection saves many handshakes.
type Client struct {
	base    string // with a slash at the end
	http    *http.Client
	own     *http.Transport // nil if the caller brought a client
	version APIVersion
	policy  ForcePolicy
	retry   Retry
	ledger  Ledger
}

// New returns a client for the gateway at endpoint, such as
// "http://localhost:19080". The address may end in a path prefix, but must not
// carry a query, a fragment, or credentials.
//
// No request is sent. The error joins everything that is wrong with the arguments,
// and is always [ErrInvalidArgument].
func New(endpoint string, options ...Option) (*Client, error) {
	c := &Client{version: APIVersion60, policy: RequireGraceful{}}
	var errs []error
	base, err := parseEndpoint(endpoint)
	if err != nil {
		errs = append(errs, err)
	}
	for _, option := range options {
		if option == nil {
			errs = append(errs, errors.New("an option is nil"))
		} else if err := option(c); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return nil, &Error{call: "new client", kind: ErrInvalidArgument, cause: errors.Join(errs...)}
	}
	if c.ledger == nil {
		c.ledger = new(MemoryLedger)
	}
	if c.http == nil {
		c.own = newTransport()
		c.http = &http.Client{Transport: c.own}
	}
	c.http.Transport = stayHere{c.http.Transport}
	c.base = base
	return c, nil
}

// Close closes idle connections, unless the HTTP client is the caller's own. Calls
// under way go on.
func (c *Client) Close() {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}

// parseEndpoint checks an address. Its errors do not repeat it: whoever put a
// password into it by mistake does not want to find that in a log.
func parseEndpoint(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return "", errors.New("the endpoint is not a URL such as http://localhost:19080")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("the endpoint must begin with http:// or https://")
	case u.Host == "":
		return "", errors.New("the endpoint names no host")
	case u.User != nil:
		return "", errors.New("the endpoint must not carry credentials")
	case u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("the endpoint must not carry a query or a fragment")
	}
	return u.JoinPath("/").String(), nil
}
