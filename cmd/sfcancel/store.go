package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

func newStore() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Check, export and repair the file of a server's store",
		Long: `Check, export and repair the file of a store bolt:FILE while no server has it open.

A damaged record makes every list fail, because a list without the operation would
mean that it does not exist. These commands name damaged records, export the others,
and set the damaged ones aside. If the structure of the file itself is damaged, nothing
can be saved from it safely: restore a backup.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("unknown command %q; see --help", args[0]))
			}
			return usage(errors.New("missing what to do: check, export or repair; see --help"))
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	cmd.AddCommand(newStoreCheck(), newStoreExport(), newStoreRepair())
	return cmd
}

func newStoreCheck() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Name the records that cannot be read; exits with 1 if there are any",
		Args:  exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "table" && output != "json" {
				return usage(fmt.Errorf("--output %q: it must be table or json", output))
			}
			items := 0
			damaged, err := checkFile(cmd.Context(), args[0], func(store.Item) error { items++; return nil })
			if err != nil {
				return err
			}
			items += len(damaged)
			if output == "json" {
				err = printJSON(cmd.OutOrStdout(), checkJSON{items, damagedJSON(damaged, false)})
			} else {
				err = printDamaged(cmd.OutOrStdout(), damaged)
			}
			if err == nil && len(damaged) > 0 {
				err = toldError{fmt.Errorf("%d of %d records cannot be read", len(damaged), items)}
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return cmd
}

func newStoreExport() *cobra.Command {
	return &cobra.Command{
		Use:   "export FILE",
		Short: "Write all records as one JSON document, the damaged ones separately",
		Long: `Write all records as one JSON document to standard output: {"items": [...], "damaged": [...]}.
An item has its key, its revision, and its value, or base64 if that is not JSON. A damaged one has
its key, the error, and in base64 the bytes in the file: 8 bytes of revision and the value.`,
		Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := bufio.NewWriter(cmd.OutOrStdout())
			damaged, err := exportFile(cmd.Context(), args[0], w)
			if err := errors.Join(err, w.Flush()); err != nil {
				return err
			}
			if len(damaged) > 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "sfcancel: %d records cannot be read, and are under \"damaged\"\n", len(damaged))
			}
			return nil
		},
	}
}

func newStoreRepair() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "repair FILE",
		Short: "Set aside the records that cannot be read",
		Long: `Set aside the records that cannot be read: they are written to FILE.damaged-TIME.json, in
the form of "sfcancel store export", and then removed from FILE in one transaction. What
the server knew of those operations is then only in that file, and their ids can be
reused. On a terminal the command asks for confirmation; elsewhere it needs --yes.`,
		Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			damaged, err := checkFile(cmd.Context(), args[0], func(store.Item) error { return nil })
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if err := printDamaged(out, damaged); err != nil || len(damaged) == 0 {
				return err
			}
			if !yes {
				if err := confirm(cmd.InOrStdin(), out, len(damaged)); err != nil {
					return err
				}
			}
			path := filePath(args[0])
			copied, err := setAside(path, damaged, time.Now())
			if err != nil {
				return fmt.Errorf("nothing was changed: %w", err)
			}
			if err := bolt.Remove(path, damaged); err != nil {
				return fmt.Errorf("nothing was changed: %w", err)
			}
			fmt.Fprintf(out, "%d records were set aside; they are in %s\n", len(damaged), copied)
			return nil
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask for confirmation")
	return cmd
}

// confirm asks whether to set records aside. It fails if there is no terminal to ask on.
func confirm(in io.Reader, out io.Writer, n int) error {
	unasked := usage(errors.New("nothing was changed: this needs --yes, because there is no terminal to ask on"))
	if file, ok := in.(*os.File); ok {
		if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
			return unasked
		}
	}
	fmt.Fprintf(out, "Set %d records aside? [y/N] ", n)
	answer, err := bufio.NewReader(in).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	if err != nil { // as from /dev/null
		fmt.Fprintln(out)
		return unasked
	}
	return errors.New("nothing was changed")
}

// filePath returns the file of a store, which is named by its path or as in --store.
func filePath(name string) string {
	if path, ok := boltPath(name); ok {
		return path
	}
	return name
}

// checkFile is [bolt.Check] that calls see for the items that an emulator can read.
func checkFile(ctx context.Context, name string, see func(store.Item) error) ([]bolt.Damaged, error) {
	var failed error
	damaged, err := bolt.Check(ctx, filePath(name), func(item store.Item) error {
		if err := emulator.CheckItem(item); err != nil || failed != nil {
			return err
		}
		failed = see(item)
		return nil
	})
	return damaged, errors.Join(err, failed)
}

// The documents of store check and store export.
type (
	checkJSON struct {
		Items   int               `json:"items"`
		Damaged []damagedItemJSON `json:"damaged"`
	}
	itemJSON struct {
		Key      string          `json:"key"`
		Revision store.Revision  `json:"revision"`
		Value    json.RawMessage `json:"value,omitempty"`
		Base64   []byte          `json:"base64,omitempty"`
	}
	damagedItemJSON struct {
		Key    string `json:"key"`
		Error  string `json:"error"`
		Base64 []byte `json:"base64,omitempty"`
	}
)

func damagedJSON(damaged []bolt.Damaged, raw bool) []damagedItemJSON {
	all := make([]damagedItemJSON, len(damaged))
	for i, d := range damaged {
		all[i] = damagedItemJSON{Key: d.Key, Error: d.Err.Error()}
		if raw {
			all[i].Base64 = d.Raw
		}
	}
	return all
}

func printDamaged(w io.Writer, damaged []bolt.Damaged) error {
	if len(damaged) == 0 {
		_, err := fmt.Fprintln(w, "all records can be read")
		return err
	}
	rows := make([][]string, len(damaged))
	for i, d := range damaged {
		rows[i] = []string{d.Key, d.Err.Error()}
	}
	return table(w, "KEY\tDAMAGE", rows)
}

// exportFile writes the document of store export, one item per line.
func exportFile(ctx context.Context, name string, w io.Writer) ([]bolt.Damaged, error) {
	separator := "{\"items\": [\n"
	damaged, err := checkFile(ctx, name, func(item store.Item) error {
		doc := itemJSON{Key: item.Key, Revision: item.Revision, Value: item.Value}
		if !json.Valid(item.Value) {
			doc.Value, doc.Base64 = nil, item.Value
		}
		line, err := json.Marshal(doc)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s%s", separator, line)
		separator = ",\n"
		return err
	})
	if err != nil {
		return nil, err
	}
	if separator != ",\n" {
		_, err = io.WriteString(w, separator)
	}
	apart, errJSON := json.Marshal(damagedJSON(damaged, true))
	if err := errors.Join(err, errJSON); err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(w, "\n], \"damaged\": %s}\n", apart)
	return damaged, err
}

// setAside writes damaged items to a new file beside the store, syncs it, and returns its name.
func setAside(path string, damaged []bolt.Damaged, now time.Time) (string, error) {
	name := path + ".damaged-" + now.UTC().Format("20060102T150405.000Z") + ".json"
	document, err := json.MarshalIndent(struct {
		Damaged []damagedItemJSON `json:"damaged"`
	}{damagedJSON(damaged, true)}, "", "  ")
	if err != nil {
		return "", err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = file.Write(append(document, '\n'))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil || runtime.GOOS == "windows" { // which cannot sync a directory
		return name, err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return "", err
	}
	return name, errors.Join(dir.Sync(), dir.Close())
}
