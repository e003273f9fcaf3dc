package sftest

import "net/http"

// noting is a ResponseWriter that notes the status when it goes out, so that it is there
// before anybody has the answer.
type noting struct {
	http.ResponseWriter
	note func(status int)
	done bool
}

func (n *noting) WriteHeader(status int) {
	if !n.done && status >= http.StatusOK {
		n.done = true
		n.note(status)
	}
	n.ResponseWriter.WriteHeader(status)
}

func (n *noting) Write(b []byte) (int, error) {
	n.end()
	return n.ResponseWriter.Write(b)
}

// FlushError implements what [http.ResponseController] looks for.
func (n *noting) FlushError() error {
	n.end()
	return http.NewResponseController(n.ResponseWriter).Flush()
}

// Unwrap gives [http.ResponseController] the rest.
func (n *noting) Unwrap() http.ResponseWriter { return n.ResponseWriter }

// end is the status that net/http makes up for who says none.
func (n *noting) end() {
	if !n.done {
		n.done = true
		n.note(http.StatusOK)
	}
}
