package wrapper_test

import (
	"math"
	"testing"

	"github.com/sfcancel/sfcancel/wrapper"
)

// Certificates are for https:// also on this machine ([wrapper.WithTLS]); and no field of
// a [wrapper.Retry] is negative, or no number.
func TestNewRefusesStill(t *testing.T) {
	t.Parallel()
	cases := map[string][]wrapper.Option{
		"certificates in the clear":        {wrapper.WithTLS(wrapper.TLS{})},
		"a negative burst":                 {wrapper.WithRetry(wrapper.Retry{Burst: -1})},
		"a negative rate":                  {wrapper.WithRetry(wrapper.Retry{Rate: -1})},
		"a rate that is no number":         {wrapper.WithRetry(wrapper.Retry{Rate: math.NaN()})},
		"a rate that is beyond all bounds": {wrapper.WithRetry(wrapper.Retry{Rate: math.Inf(1)})},
	}
	for name, options := range cases {
		if _, err := wrapper.New("http://localhost:19080", options...); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			wantKind(t, err, wrapper.ErrInvalidArgument)
		}
	}
}
