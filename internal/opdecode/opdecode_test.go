package opdecode_test

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/opdecode"
)

const one = `{"OperationId":"01000000-0000-4000-8000-000000000000","State":"Running","Type":"NodeTransition"}`

func asIs(text string) string { return text }

// FuzzList: a list is read as encoding/json reads it as a whole, wherever the bytes and encoding/json take turns.
func FuzzList(f *testing.F) {
	two := strings.ReplaceAll(one, "01000000", "02000000")
	for _, seed := range []string{
		"[" + one + "," + two + "]\n", "[]", "[" + one + "]", "[" + one + ",]", "[," + one + "]", "[" + one + one + "]", "[" + one + " , " + one + " ]",
		"[" + one + ",[]]", "[" + one + ",{}]", "[" + one + ".5]", "[" + one + "{}]", "[" + one, "[" + one + "]]", "[" + one + "],", "[" + one + ",null]",
		"[" + one + "," + strings.ReplaceAll(one, "Running", `Run\u006eing`) + "," + one + "]",
		"[" + one + "," + strings.ReplaceAll(one, "Running", "R\xffn") + "]", "[" + strings.ReplaceAll(one, "Running", "") + "]",
		"[" + strings.ReplaceAll(one, "NodeTransition", "") + "]", "[" + strings.ReplaceAll(one, `"State"`, `"STATE"`) + "]",
		"[" + one + "," + strings.ReplaceAll(one, "01000000", "ABCDEF00") + "]", "[" + strings.ReplaceAll(one, "01000000", "urn:uuid:01000000") + "]",
		"[" + one[:len(one)-1] + `,"State":"Faulted"},` + one + "]", "[" + strings.ReplaceAll(one, ",", ", ") + "]", " [" + one + "]", "null",
		"{}", "[" + one[:len(one)-1], "[ " + strings.ReplaceAll(one, `"NodeTransition"`, "7") + "]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if bytes.Count(body, []byte("{")) > 30 || len(body) > 4<<10 {
			return // which may be bounded
		}
		l := opdecode.List{Most: 10_000}
		err := l.Read(bytes.NewReader(body), asIs)
		got := slices.Collect(l.All())
		switch want, ok := asWhole(body); {
		case ok && (err != nil || !slices.Equal(got, want) || l.Len() != len(want) || l.Kept() != len(want)):
			t.Errorf("%q: got %v of %d and %d, %v, want %v", body, got, l.Len(), l.Kept(), err, want)
		case !ok && err == nil:
			t.Errorf("%q: got %v, want an error", body, got)
		}
	})
}

// asWhole reads a list at once.
func asWhole(body []byte) (ops []opdecode.Operation, ok bool) {
	var all []struct {
		OperationID *uuid.UUID `json:"OperationId"`
		Type, State string
	}
	if json.Unmarshal(body, &all) != nil || all == nil {
		return nil, false
	}
	for _, one := range all {
		if one.OperationID == nil || one.State == "" || len(one.State) > 128 || len(one.Type) > 128 {
			return nil, false
		}
		ops = append(ops, opdecode.Operation{ID: *one.OperationID, Kind: one.Type, State: one.State})
	}
	return ops, true
}

// Of a list in which one operation is wanted no other is kept, and all are counted.
func TestListKeepsOnlyOne(t *testing.T) {
	t.Parallel()
	text := "[" + strings.Repeat(strings.ReplaceAll(one, "01000000", "02000000")+",", 700) + one + "," + one + "]"
	l := opdecode.List{Most: 10_000, Only: uuid.MustParse("01000000-0000-4000-8000-000000000000")}
	if err := l.Read(iotest.HalfReader(strings.NewReader(text)), asIs); err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(l.All()); len(got) != 1 || got[0].ID != l.Only || l.Len() != 702 {
		t.Errorf("got %v of %d, want one of 702", got, l.Len())
	}
	if got := slices.Collect((*opdecode.List)(nil).All()); got != nil {
		t.Errorf("got %v of no list", got)
	}
}

// Each bound is an error, and not memory.
func TestListIsBounded(t *testing.T) {
	t.Parallel()
	names, names64, names65 := "[", "", ""
	for i := range 70 {
		if i == 62 { // with the kind, and with that of one
			names64 = names
		}
		if i == 63 {
			names65 = names
		}
		names += strings.ReplaceAll(one, "Running", strings.Repeat("x", i+1)) + ","
	}
	for name, tc := range map[string]struct {
		text string
		most int
		ok   bool
	}{
		"as many as there may be": {"[" + one + "," + one + "]", 2, true},
		"one more":                {"[" + one + "," + one + "," + one + "]", 2, false},
		"70 different names":      {strings.TrimSuffix(names, ",") + "]", 100, false},
		"65 different names":      {names65 + one + "]", 100, false},
		"64 different names":      {names64 + one + "," + strings.ReplaceAll(one, "Running", "x") + "]", 100, true},
		"a kind of 128 bytes":     {"[" + strings.ReplaceAll(one, "NodeTransition", strings.Repeat("x", 128)) + "]", 2, true},
		"a kind of 129 bytes":     {"[" + strings.ReplaceAll(one, "NodeTransition", strings.Repeat("x", 129)) + "]", 2, false},
		"a name of 128 bytes":     {"[" + strings.ReplaceAll(one, "Running", strings.Repeat("x", 128)) + "]", 2, true},
		"a name of 129 bytes":     {"[" + strings.ReplaceAll(one, "Running", strings.Repeat("x", 129)) + "]", 2, false},
		"a second one of 200 KiB": {"[ " + one + "," + strings.ReplaceAll(one, `"State"`, `"More":"`+strings.Repeat("x", 200<<10)+`","State"`) + "]", 2, false},
		"an operation of 200 KiB": {"[" + strings.ReplaceAll(one, `"State"`, `"More":"`+strings.Repeat("x", 200<<10)+`","State"`) + "]", 2, false},
	} {
		l := opdecode.List{Most: tc.most}
		if err := l.Read(strings.NewReader(tc.text), asIs); (err == nil) != tc.ok {
			t.Errorf("%s: got %v, want ok %v", name, err, tc.ok)
		}
	}
}

// FuzzFailure: a FabricError is read as encoding/json reads it.
func FuzzFailure(f *testing.F) {
	const plain = `{"Error":{"Code":"E_FAIL","Message":"No."}}`
	for _, seed := range []string{
		plain, plain + " \r\n", plain + "}", plain[:len(plain)-1], "", "{}", "[]", "null", `{"Error":null}`, `{"Error":{"Code":"","Message":"No."}}`,
		strings.ReplaceAll(plain, "No.", ""), strings.ReplaceAll(plain, "No.", `\u004eo.`), strings.ReplaceAll(plain, "No.", "N\xff"), strings.ToLower(plain),
		strings.ReplaceAll(plain, `"}}`, `","Code":"E_ABORT"}}`), `{"Error":{"Message":"No.","Code":"E_FAIL"}}`, strings.ReplaceAll(plain, `"No."`, "7"),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var want struct {
			Error struct{ Code, Message string }
		}
		ok := json.Unmarshal(body, &want) == nil && want.Error.Code != ""
		code, message, err := opdecode.Failure(body)
		switch {
		case ok && (err != nil || code != want.Error.Code || message != want.Error.Message):
			t.Errorf("%q: got %q, %q, %v, want %q, %q", body, code, message, err, want.Error.Code, want.Error.Message)
		case !ok && err == nil:
			t.Errorf("%q: got %q, %q, want an error", body, code, message)
		}
	})
}

// A list is read whatever its length, and however it is written, in large pieces.
func TestLongList(t *testing.T) {
	t.Parallel()
	const n = 1_100
	for name, text := range map[string]string{"plain": one, "with blanks": strings.ReplaceAll(one, ",", " , ")} {
		body := strings.NewReader("[" + strings.TrimSuffix(strings.Repeat(text+",", n), ",") + "]")
		length, reads := body.Len(), 0
		l := opdecode.List{Most: n}
		err := l.Read(readerFunc(func(p []byte) (int, error) { reads++; return body.Read(p) }), asIs)
		if err != nil || l.Len() != n || l.Kept() != n {
			t.Errorf("%s: got %d of %d, %v, want %d", name, l.Kept(), l.Len(), err, n)
		}
		want := opdecode.Operation{ID: uuid.MustParse("01000000-0000-4000-8000-000000000000"), Kind: "NodeTransition", State: "Running"}
		for op := range l.All() {
			if op != want {
				t.Fatalf("%s: got %v, want %v", name, op, want)
			}
		}
		if most := length/(16<<10) + 25; name == "plain" && reads > most {
			t.Errorf("%s: got %d reads of %d bytes, want at most %d", name, reads, length, most)
		}
	}
}

// A short list is read with a small buffer.
func TestShortListNeedsLittle(t *testing.T) {
	t.Parallel()
	body, largest := strings.NewReader("["+strings.TrimSuffix(strings.Repeat(one+",", 60), ",")+"]"), 0
	l := opdecode.List{Most: 60}
	err := l.Read(readerFunc(func(p []byte) (int, error) { largest = max(largest, len(p)); return body.Read(p) }), asIs)
	if err != nil || l.Len() != 60 || largest > 1<<10 {
		t.Errorf("got %d operations, %v, and a read of %d bytes, want 60 and 1 KiB at most", l.Len(), err, largest)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// What is written as most servers write it is taken from the bytes: encoding/json would allocate for each operation.
func TestPlainIsTakenFromTheBytes(t *testing.T) {
	thousand := "[" + strings.TrimSuffix(strings.Repeat(one+",", 1000), ",") + "]"
	for name, tc := range map[string]struct {
		most float64
		read func() error
	}{
		"a list of one":   {11, func() error { return (&opdecode.List{Most: 1}).Read(strings.NewReader("["+one+"]"), asIs) }},
		"a list of 1 000": {26, func() error { return (&opdecode.List{Most: 1000}).Read(strings.NewReader(thousand), asIs) }},
		"a failure": {3, func() error {
			_, _, err := opdecode.Failure([]byte(`{"Error":{"Code":"E_FAIL","Message":"No ~ yet."}}`))
			return err
		}},
	} {
		if got := testing.AllocsPerRun(10, func() {
			if err := tc.read(); err != nil {
				t.Fatal(err)
			}
		}); got > tc.most {
			t.Errorf("%s: got %v allocations, want at most %v", name, got, tc.most)
		}
	}
}

func TestReadProgress(t *testing.T) {
	t.Parallel()
	type progress = opdecode.Progress
	faulted := func(r opdecode.Result) progress { return progress{State: "FAULTED", Result: r} }
	for text, want := range map[string]progress{
		`{"State":"Running"}`: {State: "RUNNING"},
		`{"State":"Faulted","InvokeDataLossResult":{"ErrorCode":-2147467259,"SelectedPartition":{"ServiceName":"fabric:/a","PartitionId":"01000000-0000-4000-8000-000000000000"}}}`: faulted(opdecode.Result{
			ErrorCode: -2147467259, Service: "FABRIC:/A", Partition: uuid.MustParse("01000000-0000-4000-8000-000000000000")}),
		`{"State":"Faulted","InvokeQuorumLossResult":{"ErrorCode":1}}`: faulted(opdecode.Result{ErrorCode: 1}),
		`{"State":"Faulted","NodeTransitionResult":{"ErrorCode":2147500037,"NodeResult":{"NodeName":"n1","NodeInstanceId":"18446744073709551615"}}}`: faulted(opdecode.Result{
			ErrorCode: -2147467259, Node: "N1", NodeInstance: 1<<64 - 1}),
		// A result of another form is none.
		`{"State":"Faulted","RestartPartitionResult":{"Result":{"ErrorCode":1}}}`:                                     faulted(opdecode.Result{}),
		`{"State":"Faulted","RestartPartitionResult":{"ErrorCode":"1"}}`:                                              faulted(opdecode.Result{}),
		`{"State":"Faulted","RestartPartitionResult":{"ErrorCode":4294967296}}`:                                       faulted(opdecode.Result{}),
		`{"State":"Faulted","RestartPartitionResult":{"ErrorCode":1,"SelectedPartition":{"PartitionId":"x"}}}`:        faulted(opdecode.Result{}),
		`{"State":"Faulted","NodeTransitionResult":{"ErrorCode":1,"NodeResult":{"NodeInstanceId":"-1"}}}`:             faulted(opdecode.Result{}),
		`{"State":"Faulted","RestartPartitionResult":[]}`:                                                             faulted(opdecode.Result{}),
		`{"State":"Faulted","RestartPartitionResult":null}`:                                                           faulted(opdecode.Result{}),
		`{"State":"Faulted","NodeTransitionResult":{"NodeResult":{"NodeName":"` + strings.Repeat("x", 5<<10) + `"}}}`: faulted(opdecode.Result{}),
		`{}`: {}, `[]`: {}, ``: {}, `{"State":"Run`: {}, `{"State":"` + strings.Repeat("x", 129) + `"}`: {},
		`{"State":"Running","More":"` + strings.Repeat("x", 64<<10) + `"}`: {},
	} {
		got, err := opdecode.ReadProgress(strings.NewReader(text), strings.ToUpper)
		if got != want || (err == nil) != (want != progress{}) {
			t.Errorf("%.60q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
}

// What is as long as it may be is read.
func TestReadProgressUpToItsBounds(t *testing.T) {
	t.Parallel()
	state, name := strings.Repeat("s", 128), strings.Repeat("n", 4<<10)
	text := `{"State":"` + state + `","NodeTransitionResult":{"NodeResult":{"NodeName":"` + name + `","NodeInstanceId":"1"}},"More":"`
	text += strings.Repeat("x", 64<<10-len(text)-len(`"}`)) + `"}`
	want := opdecode.Progress{State: state, Result: opdecode.Result{Node: name, NodeInstance: 1}}
	if got, err := opdecode.ReadProgress(strings.NewReader(text), asIs); got != want || err != nil {
		t.Errorf("got %.40q…, %v, want what was sent", got.State, err)
	}
	cut := io.MultiReader(strings.NewReader(`{"State":"Running"}`), iotest.ErrReader(io.ErrUnexpectedEOF))
	if got, err := opdecode.ReadProgress(cut, asIs); err == nil {
		t.Errorf("got %+v of an answer that was cut off, want an error", got)
	}
}
