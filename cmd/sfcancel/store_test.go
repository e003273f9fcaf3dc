package main

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store/bolt"
)

// Recovery from damaged records: check names them, export writes the others, repair sets them aside,
// and then lists work again.
func TestStoreRepair(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "faults.db")
	p := serveProcess(t, "--freeze", "--store", "bolt:"+path)
	ids := []string{start(t, p.url, dataLoss...), start(t, p.url, dataLoss...), start(t, p.url, dataLoss...)}
	slices.Sort(ids)
	if code, _, errs := sfcancel(t, "store", "check", path); code != exitFailed || !strings.Contains(errs, "in use") {
		t.Errorf("check of a store that is served: exit %d, want %d and in use: %s", code, exitFailed, errs)
	}
	p.end(t)
	if code, out, errs := sfcancel(t, "store", "check", "bolt:"+path); code != exitOK || !strings.Contains(out, "all records can be read") {
		t.Errorf("check: exit %d, want %d with no damage: %s%s", code, exitOK, out, errs)
	}
	// One record that is not JSON any more, and one with a revision beyond that of the store.
	key := func(i int) string { return "operations/active/" + ids[i] }
	damage(t, path, key(0), func(raw []byte) []byte { raw[8] = 'x'; return raw })
	damage(t, path, key(1), func(raw []byte) []byte { binary.BigEndian.PutUint64(raw, 1<<40); return raw })

	code, out, errs := sfcancel(t, "store", "check", path)
	if code != exitFailed || !strings.Contains(out, key(0)) || !strings.Contains(out, key(1)) || strings.Contains(out, ids[2]) || !strings.Contains(errs, "2 of ") {
		t.Errorf("check: exit %d, want %d with the two damaged records: %s%s", code, exitFailed, out, errs)
	}
	var checked checkJSON
	if code, out, errs := sfcancel(t, "store", "check", path, "-o", "json"); code != exitFailed || json.Unmarshal([]byte(out), &checked) != nil || len(checked.Damaged) != 2 || checked.Items < 3 {
		t.Errorf("check -o json: exit %d, want %d with the two damaged records: %s%s", code, exitFailed, out, errs)
	}

	var exported struct {
		Items   []itemJSON        `json:"items"`
		Damaged []damagedItemJSON `json:"damaged"`
	}
	code, out, errs = sfcancel(t, "store", "export", path)
	if err := json.Unmarshal([]byte(out), &exported); err != nil || code != exitOK || !strings.Contains(errs, "2 records cannot be read") {
		t.Errorf("export: exit %d, %v, want %d with a document: %s%s", code, err, exitOK, out, errs)
	}
	if !slices.ContainsFunc(exported.Items, func(i itemJSON) bool { return i.Key == key(2) && strings.Contains(string(i.Value), ids[2]) }) ||
		len(exported.Damaged) != 2 || exported.Damaged[0].Key != key(0) || exported.Damaged[0].Base64[8] != 'x' {
		t.Errorf("export: got %s, want the third record and the two damaged ones", out)
	}

	before := contentsOf(t, path)
	code, _, errs = sfcancel(t, "store", "repair", path) // standard input is not a terminal
	if code != exitUsage || !strings.Contains(errs, "--yes") || contentsOf(t, path) != before {
		t.Errorf("repair without --yes: exit %d, want %d and the file unchanged: %s", code, exitUsage, errs)
	}
	code, out, errs = sfcancel(t, "store", "repair", path, "--yes")
	if code != exitOK {
		t.Fatalf("repair: exit %d, want %d: %s%s", code, exitOK, out, errs)
	}
	files, err := filepath.Glob(path + ".damaged-*.json")
	if err != nil || len(files) != 1 || !strings.Contains(out, files[0]) {
		t.Fatalf("repair: got files %v, %v, want one that the output names: %s", files, err, out)
	}
	if text := contentsOf(t, files[0]); !strings.Contains(text, key(0)) || !strings.Contains(text, key(1)) {
		t.Errorf("set aside: got %s, want the two damaged records", text)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("set aside: got mode %v, %v, want 0600", info.Mode(), err)
	}
	if code, out, errs := sfcancel(t, "store", "repair", path); code != exitOK || !strings.Contains(out, "all records can be read") {
		t.Errorf("repair without damage: exit %d, want %d: %s%s", code, exitOK, out, errs)
	}
	p = serveProcess(t, "--freeze", "--store", "bolt:"+path)
	if code, out, errs := sfcancel(t, "list", "--endpoint", p.url); code != exitOK || !strings.Contains(out, ids[2]) || strings.Contains(out, ids[0]) {
		t.Errorf("list: exit %d, want %d with the third operation alone: %s%s", code, exitOK, out, errs)
	}
}

// A file whose structure is damaged is refused and stays unchanged.
func TestStoreOfADamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "faults.db")
	s, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	for page := 2; page < len(contentsOf(t, path))/os.Getpagesize(); page++ {
		if _, err := file.WriteAt([]byte("damage"), int64(page*os.Getpagesize())); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	before := contentsOf(t, path)
	for _, args := range [][]string{{"check", path}, {"export", path}, {"repair", "--yes", path}} {
		code, out, errs := sfcancel(t, append([]string{"store"}, args...)...)
		if code != exitFailed || !strings.Contains(errs, "damaged") || out != "" || contentsOf(t, path) != before {
			t.Errorf("%v: exit %d, want %d and the file unchanged: %s%s", args, code, exitFailed, out, errs)
		}
	}
	for _, args := range [][]string{{"check", path + "x"}, {"repair", "--yes", path + "x"}} {
		if code, _, errs := sfcancel(t, append([]string{"store"}, args...)...); code != exitFailed || !strings.Contains(errs, "no such file") {
			t.Errorf("%v: exit %d, want %d with no such file: %s", args, code, exitFailed, errs)
		}
	}
	for _, args := range [][]string{{"store"}, {"store", "mend"}, {"store", "check"}, {"store", "check", path, "-o", "xml"}} {
		if code, _, errs := sfcancel(t, args...); code != exitUsage || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit %d, want %d with one line: %s", args, code, exitUsage, errs)
		}
	}
}

func TestConfirm(t *testing.T) {
	for answer, want := range map[string]int{"y\n": exitOK, "Yes\n": exitOK, "n\n": exitFailed, "\n": exitFailed, "": exitUsage, "yesterday\n": exitFailed} {
		var asked strings.Builder
		if err := confirm(strings.NewReader(answer), &asked, 3); exitCode(err) != want || !strings.Contains(asked.String(), "Set 3 records aside?") {
			t.Errorf("%q: got %v after %q, want exit %d", answer, err, asked.String(), want)
		}
	}
}

// damage changes the bytes of an item in the file.
func damage(t *testing.T, path, key string, how func(raw []byte) []byte) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		items := tx.Bucket([]byte("items"))
		return items.Put([]byte(key), how(slices.Clone(items.Get([]byte(key)))))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func contentsOf(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
