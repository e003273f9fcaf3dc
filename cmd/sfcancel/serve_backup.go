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

// backup says where and how often the store is copied while it is served.
type backup struct {
	dir   string // empty for none
	every time.Duration
}

// check validates the flags. etcd has snapshots of its own.
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
	// Fail before the server starts, not when the first copy is due.
	if info, err := os.Stat(b.dir); err != nil {
		return fmt.Errorf("--backup: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("--backup %s: it is not a directory", b.dir)
	}
	return nil
}

// once copies the store if --backup is set.
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

// run copies the store periodically until ctx ends. It logs a copy that fails, and goes on.
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
