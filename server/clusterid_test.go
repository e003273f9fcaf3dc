package server_test

import (
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

var serverCluster = server.WithClusterID("Main-Cluster")

func TestClusterID(t *testing.T) {
	denied := want{403, generated.ErrorCodeAccessDenied}
	tests := []struct {
		name   string
		opts   []server.Option
		header []string
		want   want
	}{
		{"runtime §1.2: same id", []server.Option{serverCluster}, []string{"Main-Cluster"}, ok},
		{"runtime §1.2: same id in other letter case", []server.Option{serverCluster}, []string{"main-cluster"}, ok},
		{"runtime §1.2: different id", []server.Option{serverCluster}, []string{"other"}, denied},
		{"runtime §1.2: empty header is a different id", []server.Option{serverCluster}, []string{""}, denied},
		{"runtime §1.2: no header", []server.Option{serverCluster}, nil, ok},
		{"runtime §1.2: none configured", nil, []string{"other"}, ok},
		{"runtime §1.2: configured empty", []server.Option{server.WithClusterID("")}, []string{"other"}, ok},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parse("POST", gracefully)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range tt.header {
				r.Header.Add("ClusterId", v)
			}
			if got := askWith(t, &spy{}, r, tt.opts...); got.want != tt.want {
				t.Errorf("got %v, want %v", got.want, tt.want)
			}
		})
	}
}
