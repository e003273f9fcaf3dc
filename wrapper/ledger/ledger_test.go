package ledger_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func() (*ledger.Ledger, error){
		"no store":           func() (*ledger.Ledger, error) { return ledger.New(nil) },
		"a nil option":       func() (*ledger.Ledger, error) { return ledger.New(memory.New(), nil) },
		"no retention":       func() (*ledger.Ledger, error) { return ledger.New(memory.New(), ledger.WithRetention(0)) },
		"negative retention": func() (*ledger.Ledger, error) { return ledger.New(memory.New(), ledger.WithRetention(-1)) },
	} {
		if l, err := make(); !errors.Is(err, store.ErrInvalid) || l != nil {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
}

// What is in the store is what the package comment says, for those who read it otherwise.
func TestFormat(t *testing.T) {
	t.Parallel()
	st := memory.New()
	must(t, newLedger(t, st, ledger.WithBy("ann@ops-1"), ledger.WithRetention(ledger.Forever)).Append(t.Context(), entry(opA, 0, "why")))
	page, err := st.List(t.Context(), "", "", 10)
	must(t, err)
	const (
		key   = `^ledger/5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01/07263259200123456789-[A-Z2-7]{26}$`
		value = `{"time":"2200-03-01T12:00:00.123456789Z","operationId":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01",` +
			`"action":"graceful","verdict":"Accepted","state":"RollingBack","reason":"why","by":"ann@ops-1"}`
	)
	if len(page.Items) != 1 || !regexp.MustCompile(key).MatchString(page.Items[0].Key) || string(page.Items[0].Value) != value {
		t.Errorf("the store holds %+v", page.Items)
	}
}

// Who it was is told by the ledger, unless the entry says it.
func TestBy(t *testing.T) {
	t.Parallel()
	l := newLedger(t, memory.New(), ledger.WithBy("ann"))
	other := entry(opA, 1, "")
	other.By = "bob"
	must(t, l.Append(t.Context(), entry(opA, 0, "")))
	must(t, l.Append(t.Context(), other))
	if got := entriesOf(t, l, opA); got[0].By != "ann" || got[1].By != "bob" {
		t.Errorf("%+v", got)
	}
}

// What is no entry is an error that names it, never an entry less.
func TestDamaged(t *testing.T) {
	t.Parallel()
	const (
		place = "ledger/5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01/"
		good  = `{"time":"2200-03-01T12:00:00Z","operationId":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01","action":"graceful","verdict":"Accepted"}`
		at    = "07263259200000000000-A"
	)
	cases := []struct{ name, key, value string }{
		{"an empty value", at, ``},
		{"half a value", at, good[:60]},
		{"two values", at, good + good},
		{"another sort of value", at, `["graceful"]`},
		{"an object of something else", at, `{}`},
		{"another operation", at, strings.Replace(good, "7d01", "7d02", 1)},
		{"another time", "07263259200000000001-A", good},
		{"a key without a time", "A", good},
		{"a key with a short time", "7263259200000000000-A", good},
		{"a key with a negative time", "-0000000000000000001-A", good},
		{"a key that ends early", "07263259200000000000-", good},
	}
	for _, tc := range cases {
		st := memory.New()
		l := newLedger(t, st)
		must(t, l.Append(t.Context(), entry(opA, 0, "before")))
		must(t, l.Append(t.Context(), entry(opB, 0, "elsewhere")))
		_, err := st.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: place + tc.key, Value: []byte(tc.value)}}})
		must(t, err)
		got, err := l.Entries(t.Context(), opA)
		if !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), place+tc.key) || got != nil {
			t.Errorf("%s: %v, %v", tc.name, got, err)
		}
		same(t, entriesOf(t, l, opB), []wrapper.Entry{entry(opB, 0, "elsewhere")})

		good, damaged := 0, 0
		for e, err := range l.Trail(t.Context(), ledger.Query{}) {
			switch {
			case errors.Is(err, ledger.ErrDamaged) && strings.Contains(err.Error(), place+tc.key) && e == (wrapper.Entry{}):
				damaged++
			case err != nil:
				t.Errorf("%s: %v", tc.name, err)
			default:
				good++
			}
		}
		for e, err := range l.ByOperation(t.Context()) {
			if errors.Is(err, ledger.ErrDamaged) && strings.Contains(err.Error(), place+tc.key) && e == (wrapper.Entry{}) {
				damaged++
			}
		}
		if good != 2 || damaged != 2 {
			t.Errorf("%s: a trail of %d and %d damaged", tc.name, good, damaged)
		}
		if _, err := l.Clean(t.Context()); err != nil || tc.key == at && len(entryKeys(t, st)) == 0 {
			t.Errorf("%s: cleaned: %v", tc.name, err)
		}
	}
}
