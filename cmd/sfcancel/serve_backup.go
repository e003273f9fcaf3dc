package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// backup is where copies of the store go while it is served, and how often.
type backup struct {
	dir   string // empty for none
	every time.Duration
}

// check says what is wrong with the flags. etcd has snapshots of its own.
func (b backup) check(everyGiven bool, storeName string) error {
	switch {
	case b.dir == "" && everyGiven:
		return errors.New("--backup-every needs --backup, the directory to copy to")
	case b.dir == "":
		return nil
	case b.every <= 0:
		return fmt.Errorf("--backup-every %v: it must be more than 0", b.every)
	}
	if _, isBolt := boltPath(storeName); !isBolt {
		return errors.New("--backup copies a bolt store: it needs --store bolt:PATH")
	}
	// Found out now, and not when the first copy is due.
	if info, err := os.Stat(b.dir); err != nil {
		return fmt.Errorf("--backup: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("--backup %s: it is not a directory", b.dir)
	}
	return nil
}

// once copies the store, if that was asked for.
func (b backup) once(ctx context.Context, st store.Store, name string, logger *slog.Logger) error {
	s, ok := st.(*bolt.Store)
	if b.dir == "" || !ok {
		return nil
	}
	path, _ := boltPath(name)
	to := filepath.Join(b.dir, filepath.Base(path)+"."+time.Now().UTC().Format("20060102T150405.000Z"))
	if err := s.Backup(ctx, to); err != nil {
		return err
	}
	logger.Info("backup", "path", to)
	return nil
}

// run copies the store again and again until ctx ends. A copy that fails is told, and does
// not keep the next from being tried.
func (b backup) run(ctx context.Context, st store.Store, name string, logger *slog.Logger) {
	if b.dir == "" {
		return
	}
	tick := time.NewTicker(b.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := b.once(ctx, st, name, logger); err != nil && ctx.Err() == nil {
			logger.Error("backup", "error", err)
		}
	}
}
