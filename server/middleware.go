package server

import (
	"context"
	"errors"

	"github.com/sfcancel/sfcancel/generated"
)

// Invoke has an operation carried out. The request is the request object of the operation, and the
// response its response object, as package generated has them.
type Invoke func(ctx context.Context, op *generated.Operation, request any) (response any, err error)

// WithMiddleware puts functions around the implementation, the first one outermost: behind the
// checks of the edge, so that they see nothing but requests that are well-formed and allowed. They
// may refuse a request with an [Error], change the request or the response, or the context. What
// they return is judged like what an implementation returns, panics included. A nil function is an
// error.
func WithMiddleware(around ...func(Invoke) Invoke) Option {
	return func(c *config) error {
		for _, f := range around {
			if f == nil {
				return errors.New("server: a middleware is nil")
			}
		}
		c.around = append(c.around, around...)
		return nil
	}
}
