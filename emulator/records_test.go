package emulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// What an emulator writes is sound, and what it cannot read is not.
func TestCheckItem(t *testing.T) {
	st := memory.New()
	defer st.Close()
	if _, err := emulator.StartClock(t.Context(), st, 2, nil); err != nil {
		t.Fatal(err)
	}
	c := newCluster(t, server.Runtime, st)
	seed, err := emulator.ParseSeed([]byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.engine.Plant(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	for n := range kinds {
		c.over(byte(n), second)
		c.start(n)
	}
	page, err := st.List(t.Context(), "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	met := map[string]bool{}
	for _, item := range page.Items {
		if err := emulator.CheckItem(item); err != nil {
			t.Errorf("%s: %v", item.Key, err)
		}
		met[item.Key[:strings.LastIndex(item.Key, "/")+1]] = true
		if broken := (store.Item{Key: item.Key, Value: []byte("x")}); emulator.CheckItem(broken) == nil {
			t.Errorf("%s with the value x is sound", item.Key)
		}
	}
	if len(met) != 5 {
		t.Errorf("there was nothing of some sorts: %v", met)
	}
	for _, item := range page.Items {
		for _, table := range []string{"active", "history"} {
			other := map[string]string{"active": "history", "history": "active"}[table]
			if id, found := strings.CutPrefix(item.Key, "operations/"+table+"/"); found {
				if emulator.CheckItem(store.Item{Key: "operations/" + other + "/" + id, Value: item.Value}) == nil {
					t.Errorf("%s is sound in the other table", item.Key)
				}
			}
		}
	}
	for _, record := range brokenRecords {
		if emulator.CheckItem(store.Item{Key: fmt.Sprintf("operations/active/%s", uuid.UUID{1}), Value: []byte(record)}) == nil {
			t.Errorf("%q is sound", record)
		}
	}
	if err := emulator.CheckItem(store.Item{Key: "of/somebody/else", Value: []byte("x")}); err != nil {
		t.Errorf("a key of nobody: %v", err)
	}
}
