package document_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger/internal/document"
)

var (
	op   = uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")
	at   = time.Date(2200, 3, 1, 12, 0, 0, 123456789, time.UTC)
	full = wrapper.Entry{
		Time: at, OperationID: op, Cluster: "http://sf1:19080 http://sf2:19080", Action: "force",
		Kind: "PartitionDataLoss", Target: "fabric:/shop/orders 1", RequestID: uuid.UUID{15: 7}, Life: uuid.UUID{15: 8},
		Outcome: "refused", Verdict: wrapper.Accepted, Code: wrapper.Code(generated.ErrorCodeKeyNotFound),
		State: wrapper.StateRollingBack, Reason: "why", By: "ann@ops-1",
	}
)

// The member names are stable, because other programs read them.
func TestNames(t *testing.T) {
	t.Parallel()
	const want = `{"time":"2200-03-01T12:00:00.123456789Z","operationId":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01",` +
		`"cluster":"http://sf1:19080 http://sf2:19080","action":"force","kind":"PartitionDataLoss","target":"fabric:/shop/orders 1",` +
		`"requestId":"00000000-0000-0000-0000-000000000007","life":"00000000-0000-0000-0000-000000000008","outcome":"refused","verdict":"Accepted",` +
		`"code":"FABRIC_E_KEY_NOT_FOUND","state":"RollingBack","reason":"why","by":"ann@ops-1"}`
	text, err := document.Encode(full)
	if err != nil || string(text) != want {
		t.Errorf("got error %v and\n%s\nwant\n%s", err, text, want)
	}
	got, err := document.Decode(text)
	if diff := cmp.Diff(full, got); diff != "" || err != nil {
		t.Errorf("%v: want (-), got (+):\n%s", err, diff)
	}
	for v, i := reflect.ValueOf(full), 0; i < v.NumField(); i++ { // so that this test covers new fields too
		if v.Field(i).IsZero() {
			t.Errorf("got a zero %s in the entry of this test, want every field set", v.Type().Field(i).Name)
		}
	}
}

// Empty members are omitted, and documents of earlier releases, which had only these members, can be decoded.
func TestOldDocuments(t *testing.T) {
	t.Parallel()
	const old = `{"time":"2200-03-01T12:00:00.123456789Z","operationId":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01","action":"graceful","verdict":"Accepted"}`
	want := wrapper.Entry{Time: at, OperationID: op, Action: "graceful", Verdict: wrapper.Accepted}
	got, err := document.Decode([]byte(old))
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v: want (-), got (+):\n%s", err, diff)
	}
	if text, err := document.Encode(want); err != nil || string(text) != old {
		t.Errorf("got %s, %v, want %s, nil", text, err, old)
	}
}

func TestDecodeInvalid(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", "[]", "null", "{}", `{"operationId":null}`, `{"operationId":"x"}`, `{"operationId":"` + op.String() + `","time":1}`} {
		if e, err := document.Decode([]byte(text)); err == nil || e != (wrapper.Entry{}) {
			t.Errorf("%q: got %+v, %v, want the zero entry and an error", text, e, err)
		}
	}
	if _, err := document.Encode(wrapper.Entry{Time: at.AddDate(8000, 0, 0)}); err == nil || !strings.Contains(err.Error(), "year") {
		t.Errorf("the year 10200: got %v, want an error about the year", err)
	}
}
