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

// longestLine is the maximum length of a line with its newline. It bounds the memory that a damaged file costs.
const longestLine = 16 << 20

var errLength = fmt.Errorf("longer than the %d bytes of the longest line", longestLine)

// appendSum appends the crc member with the checksum of text, and the closing brace.
func appendSum(line, text []byte) []byte {
	sum := crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli))
	line = append(line, sumStart...)
	line = hex.AppendEncode(line, []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return append(line, `"}`...)
}

// seal returns the line for a non-empty JSON object: the object with its crc member, and a newline.
func seal(object []byte) []byte {
	text := object[:len(object)-1]
	line := append(make([]byte, 0, len(text)+sumSize+1), text...)
	return append(appendSum(line, text), '\n')
}

// sealed reports whether a line, without its newline, matches its checksum.
func sealed(line []byte) bool {
	at := len(line) - sumSize
	return at > 0 && bytes.Equal(line[at:], appendSum(make([]byte, 0, sumSize), line[:at]))
}

// brokenEnd reports whether an unfinished last line is a complete line whose newline was changed, and not the rest of
// a write that was cut short.
func brokenEnd(tail []byte) bool {
	end := bytes.LastIndex(tail, []byte(sumStart)) + sumSize
	return end >= sumSize && end < len(tail) && sealed(tail[:end])
}

// headerStart is the start of the header in all versions of the format.
const headerStart = `{"format":"sfcancel ledger",`

// headerOf returns the first line of the file of a shard. It names the shard, because files that were swapped
// would hide the entries of their operations.
func headerOf(shard byte) []byte {
	return seal(fmt.Appendf(nil, `%s"version":1,"shard":"%02x"}`, headerStart, shard))
}

// headed reports whether a file begins with its header. start is the beginning of the file, up to the length of the
// header. A file with only a part of the header, because the first write was cut short, counts as empty.
// Any other file is [store.ErrForeign].
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

// shardOf returns the shard of an operation.
func shardOf(id uuid.UUID) byte { return id[0] }

// The endings of the files of a shard.
const (
	entriesEnding = ".jsonl"
	lockEnding    = ".lock"
	draftEnding   = ".tmp"
)

// path returns the path of a file of a shard.
func (l *Ledger) path(shard byte, ending string) string {
	return filepath.Join(l.dir, hex.EncodeToString([]byte{shard})+ending)
}
