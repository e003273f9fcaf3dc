package store_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// Only one of two that saw the same state gets to change it.
func Example() {
	ctx := context.Background()
	s := memory.New()
	defer s.Close()

	create := store.Txn{
		If:   []store.Condition{{Key: "job/7", Revision: 0}}, // must be absent
		Then: []store.Write{{Key: "job/7", Value: []byte("running")}},
	}
	if _, err := s.Commit(ctx, create); err != nil {
		fmt.Println(err)
	}
	job, err := s.Get(ctx, "job/7")
	if err != nil {
		fmt.Println(err)
	}
	for _, outcome := range []string{"finished", "cancelled"} {
		_, err := s.Commit(ctx, store.Txn{
			If:   []store.Condition{{Key: job.Key, Revision: job.Revision}},
			Then: []store.Write{{Key: job.Key, Value: []byte(outcome)}},
		})
		fmt.Println(outcome, errors.Is(err, store.ErrConflict))
	}
	job, err = s.Get(ctx, "job/7")
	fmt.Println(string(job.Value), err)
	// Output:
	// finished false
	// cancelled true
	// finished <nil>
}
