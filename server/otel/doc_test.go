package otel_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// table is what the manual has below a heading: the first word of each line that is set apart, and
// the words after it.
func table(t *testing.T, heading string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, below, ok := strings.Cut(string(text), "\n// # "+heading+"\n")
	if !ok {
		t.Fatalf("the manual has no heading %q", heading)
	}
	below, _, _ = strings.Cut(below, "\n// # ")
	rows := map[string][]string{}
	for line := range strings.Lines(below) {
		if row, ok := strings.CutPrefix(line, "//\t"); ok {
			words := strings.Fields(strings.ReplaceAll(row, ",", ""))
			rows[words[0]] = words[1:]
		}
	}
	return rows
}

// The tables of the manual are what is reported: all of it, of these types and units, and nothing
// else.
func TestManual(t *testing.T) {
	t.Parallel()
	m := newTelemetry(t)
	serve(newHandler(t, failing(server.NewError(generated.ErrorCodeAbort, "not now")), m.instrument()), newRequest(t, "POST", cancel))
	serve(newHandler(t, breaksOff(), m.instrument()), newRequest(t, "POST", cancel))

	reported := map[string]string{}
	for _, s := range m.recorder.Ended() {
		for _, a := range s.Attributes() {
			kind := map[attribute.Type]string{attribute.INT64: "int", attribute.BOOL: "bool", attribute.STRING: "string"}[a.Value.Type()]
			reported[string(a.Key)] = kind
		}
	}
	documented := map[string]string{}
	for name, words := range table(t, "Attributes") {
		documented[name] = words[0]
	}
	if !maps.Equal(reported, documented) {
		t.Errorf("reported are\n%v\nand the manual says\n%v", reported, documented)
	}

	keys := map[string]bool{}
	for _, p := range m.histogram().DataPoints {
		for _, a := range p.Attributes.ToSlice() {
			keys[string(a.Key)] = true
		}
	}
	metric := m.collect()[0]
	got, rows := slices.Sorted(maps.Keys(keys)), table(t, "Metrics")
	row := rows[metric.Name]
	if len(rows) != 1 || len(row) < 2 || row[0] != "histogram" || row[1] != metric.Unit || metric.Description == "" {
		t.Fatalf("the metric is %s in %s, described as %q, and the manual says %v", metric.Name, metric.Unit, metric.Description, rows)
	}
	if want := slices.Sorted(slices.Values(row[2:])); !slices.Equal(got, want) {
		t.Errorf("the attributes of %s are %v, and the manual says %v", metric.Name, got, want)
	}
}
