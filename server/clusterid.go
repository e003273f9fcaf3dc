package server

import (
	"net/http"
	"strings"

	"github.com/sfcancel/sfcancel/generated"
)

// checkCluster keeps a request that was meant for another cluster from being
// carried out in this one
// (httpgateway/RequestHandlerBase.HandlerAsyncOperation.cpp).
func (c *config) checkCluster(r *http.Request) *Error {
	named := r.Header["Clusterid"]
	if c.clusterID == "" || len(named) == 0 || strings.EqualFold(named[0], c.clusterID) {
		return nil
	}
	return NewError(generated.ErrorCodeAccessDenied, "The ClusterId header names another cluster.")
}
