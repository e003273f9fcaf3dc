package main

import (
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

func TestRun(t *testing.T) {
	t.Parallel()
	members := etcdtest.Start(t, 1).Endpoints()
	engine := emulator.New(memory.New())
	id := uuid.New()
	if err := engine.Put(t.Context(), emulator.Record{
		ID: id, Kind: generated.OperationTypePartitionDataLoss, Step: emulator.StepIntentSaved, Rollback: emulator.NotRollingBack,
	}); err != nil {
		t.Fatal(err)
	}
	h, err := server.New(engine)
	if err != nil {
		t.Fatal(err)
	}
	cluster := httptest.NewServer(h)
	defer cluster.Close()

	for _, tt := range []struct {
		name, by string
		force    bool
		want     wrapper.Verdict
		err      error
	}{
		{"a force without evidence", "bob@ops-2", true, "", wrapper.ErrForceRefused},
		{"a graceful cancel", "ann@ops-1", false, wrapper.Accepted, nil},
		{"a force with evidence from another user", "bob@ops-2", true, wrapper.Accepted, nil},
	} {
		result, err := run(t.Context(), cluster.URL, members, tt.by, id, tt.force)
		if result.Verdict != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %q, %v, want %q, %v", tt.name, result.Verdict, err, tt.want, tt.err)
		}
	}
}
