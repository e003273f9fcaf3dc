package emit_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/generated"
)

var id = uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")

func at(t interface{ Fatal(...any) }, address string) generated.Base {
	base, err := generated.ParseBase(address)
	if err != nil {
		t.Fatal(err)
	}
	return base
}

func transition(t *testing.T, base generated.Base, node string) (*http.Request, error) {
	return generated.NewStartNodeTransitionRequest(t.Context(), base, node, generated.StartNodeTransitionParams{
		OperationID: id, NodeTransitionType: generated.NodeTransitionTypeStop, NodeInstanceID: "1", StopDurationInSeconds: 600,
	})
}

// Whatever a text contains, a server reads the same text, and the request is escaped as by net/url.
func TestEscapes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		node := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("/.~%?#&=+ ;,:@$\\ä")), 1, 8, -1)).Draw(r, "node")
		version := rapid.String().Draw(r, "version")
		prefix := rapid.SampledFrom([]string{"", "/a", "/a%2Fb", "/a b"}).Draw(r, "prefix")
		base := at(r, "http://h"+prefix)
		request, err := generated.NewGetNodeTransitionProgressRequest(t.Context(), base, node, generated.GetNodeTransitionProgressParams{
			APIVersion: generated.APIVersion("v" + version), OperationID: id,
		})
		var refused *generated.RequestError
		if strings.Trim(node, "./") == "" && errors.As(err, &refused) || strings.Contains("/"+node+"/", "/./") || strings.Contains("/"+node+"/", "/../") {
			return
		}
		if err != nil {
			r.Fatal(err)
		}
		want := strings.TrimSuffix(base.String(), "/") + "/Faults/Nodes/" + url.PathEscape(node) + "/$/GetTransitionProgress?api-version=v" + url.QueryEscape(version) + "&OperationId=" + id.String()
		if got := request.URL.String(); got != want {
			r.Fatalf("got  %s\nwant %s", got, want)
		}
		read, err := url.Parse(request.URL.String())
		if err != nil || read.Path != request.URL.Path || read.EscapedPath() != request.URL.EscapedPath() || read.Query().Get("api-version") != "v"+version {
			r.Fatalf("got %q, %v, from %q", read, err, request.URL)
		}
	})
}

// Builders refuse parameters that are missing or would lead the request elsewhere.
func TestRefusedParameters(t *testing.T) {
	base := at(t, "http://h")
	negative := generated.Timeout(-5)
	cancel := func(p generated.CancelOperationParams) func() (*http.Request, error) {
		return func() (*http.Request, error) { return generated.NewCancelOperationRequest(t.Context(), base, p) }
	}
	node := func(name string) func() (*http.Request, error) {
		return func() (*http.Request, error) { return transition(t, base, name) }
	}
	for name, tt := range map[string]struct {
		build func() (*http.Request, error)
		want  string
	}{
		"no node":           {node(""), "nodeName must be given"},
		"this node":         {node("."), `nodeName must have no level . or .., not "."`},
		"the node above":    {node(".."), `nodeName must have no level . or .., not ".."`},
		"a level above":     {node("a/../b"), `nodeName must have no level . or .., not "a/../b"`},
		"no operation":      {cancel(generated.CancelOperationParams{}), "OperationId must be given"},
		"a timeout below 1": {cancel(generated.CancelOperationParams{OperationID: id, Timeout: &negative}), `timeout must be from 1 to 4294967295, not "-5"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tt.build()
			if refused := (*generated.RequestError)(nil); !errors.As(err, &refused) || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
	if r, err := transition(t, base, "%2e%2e"); err != nil || r.URL.EscapedPath() != "/Faults/Nodes/%252e%252e/$/StartTransition/" {
		t.Errorf("a name that looks encoded: got %v, %v, want it encoded again", r, err)
	}
	if _, err := transition(t, generated.Base{}, "a"); err == nil || !strings.Contains(err.Error(), "ParseBase") {
		t.Errorf("without an address: got %v, want an error that names ParseBase", err)
	}
	if _, err := generated.NewCancelOperationRequest(nil, base, generated.CancelOperationParams{OperationID: id}); err == nil { //nolint:staticcheck // that is the case
		t.Error("without a context: got no error")
	}
}

// For the zero value of a required parameter, the default of the document is sent.
func TestDefaults(t *testing.T) {
	r, err := generated.NewGetFaultOperationListRequest(t.Context(), at(t, "https://h:19080/p/"), generated.GetFaultOperationListParams{})
	const want = "https://h:19080/p/Faults/?api-version=6.0&TypeFilter=65535&StateFilter=65535"
	if err != nil || len(r.URL.String()) != len(want) || !strings.HasPrefix(r.URL.String(), "https://h:19080/p/Faults/?api-version=6.0&") ||
		r.URL.Query().Get("TypeFilter") != "65535" || r.URL.Query().Get("StateFilter") != "65535" {
		t.Errorf("got %v, %v, want %s", r, err, want)
	}
}

func TestParseBase(t *testing.T) {
	for address, want := range map[string]string{
		"http://h": "http://h/", "https://h:1/a/": "https://h:1/a/", "http://h/a/../b": "http://h/b/", "http://h/a%2Fb": "http://h/a%2Fb/", "http://[::1]:80": "http://[::1]:80/",
		"": "", "h:19080": "", "ftp://h": "", "http://": "", "http://u:secret@h": "", "http://h?a": "", "http://h?": "", "http://h#a": "", "http://secret%zz": "",
	} {
		base, err := generated.ParseBase(address)
		if base.String() != want || (err != nil) != (want == "") || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %q, %v, want %q", address, base, err, want)
		}
	}
}

// The allocations of a request. The longest of the ten has 224 bytes of text.
func TestRequestCost(t *testing.T) {
	base, ctx := at(t, "http://localhost:19080"), t.Context()
	for name, build := range map[string]func() (*http.Request, error){
		"cancel": func() (*http.Request, error) {
			return generated.NewCancelOperationRequest(ctx, base, generated.CancelOperationParams{OperationID: id})
		},
		"list": func() (*http.Request, error) {
			return generated.NewGetFaultOperationListRequest(ctx, base, generated.GetFaultOperationListParams{})
		},
		"start": func() (*http.Request, error) {
			return generated.NewStartQuorumLossRequest(ctx, base, "shop~orders", id, generated.StartQuorumLossParams{
				OperationID: id, QuorumLossMode: generated.QuorumLossModeAllReplicas, QuorumLossDuration: 60,
			})
		},
	} {
		if got := testing.AllocsPerRun(100, func() {
			if _, err := build(); err != nil {
				t.Fatal(err)
			}
		}); got > 5 {
			t.Errorf("%s: got %v allocations, want at most 5", name, got)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	base, ctx := at(b, "http://localhost:19080"), b.Context()
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := generated.NewCancelOperationRequest(ctx, base, generated.CancelOperationParams{OperationID: id}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			text := "http://localhost:19080/Faults/$/Cancel?api-version=6.0&OperationId=" + id.String() + "&Force=false"
			if _, err := http.NewRequestWithContext(ctx, http.MethodPost, text, http.NoBody); err != nil {
				b.Fatal(err)
			}
		}
	})
}
