package journal

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
)

const (
	sumStart = `,"crc":"`
	sumSize  = len(sumStart) + 8 + len(`"}`)
)

// longestLine is how long a line may be with its end, so that what a failure has left of a file costs memory
// within bounds.
const longestLine = 16 << 20

var errLength = fmt.Errorf("longer than the %d bytes of the longest line", longestLine)

// appendSum appends the checksum of a text, and what is around it in a line.
func appendSum(line, text []byte) []byte {
	sum := crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli))
	line = append(line, sumStart...)
	line = hex.AppendEncode(line, []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return append(line, `"}`...)
}

// seal makes a line of a JSON object that has members.
func seal(object []byte) []byte {
	text := object[:len(object)-1]
	line := append(make([]byte, 0, len(text)+sumSize+1), text...)
	return append(appendSum(line, text), '\n')
}

// sealed reports whether a line, without its end, fits its checksum.
func sealed(line []byte) bool {
	at := len(line) - sumSize
	return at > 0 && bytes.Equal(line[at:], appendSum(make([]byte, 0, sumSize), line[:at]))
}

// brokenEnd reports whether an unfinished last line is more than what a write leaves that was cut
// short: a whole line whose end has changed.
func brokenEnd(tail []byte) bool {
	end := bytes.LastIndex(tail, []byte(sumStart)) + sumSize
	return end >= sumSize && end < len(tail) && sealed(tail[:end])
}

// headerStart is that of all versions.
const headerStart = `{"format":"sfcancel ledger",`

// headerOf is the first line of the file of a shard, which is named in it: files that have changed
// places would hide the entries of their operations.
func headerOf(shard byte) []byte {
	return seal(fmt.Appendf(nil, `%s"version":1,"shard":"%02x"}`, headerStart, shard))
}

// headed reports whether a file begins with its header; one that does not, because the write was cut
// short that was to make it, is empty. start is as much of the file as the header is long. Any other
// file is [store.ErrForeign].
func headed(start, header []byte) (bool, error) {
	switch {
	case bytes.Equal(start, header):
		return true, nil
	case bytes.HasPrefix(header, start):
		return false, nil
	case bytes.HasPrefix(start, []byte(headerStart)):
		return false, fmt.Errorf("%w: a ledger file of another version or of other operations, or a damaged one; it begins with %q, and not with %q", store.ErrForeign, start, header)
	}
	return false, fmt.Errorf("%w: no ledger file: it begins with %q", store.ErrForeign, start)
}

// shardOf is the shard of an operation.
func shardOf(id uuid.UUID) byte { return id[0] }

// The endings of the files of a shard.
const (
	entriesEnding = ".jsonl"
	lockEnding    = ".lock"
	draftEnding   = ".tmp"
)

// path is that of a file of a shard.
func (l *Ledger) path(shard byte, ending string) string {
	return filepath.Join(l.dir, hex.EncodeToString([]byte{shard})+ending)
}
