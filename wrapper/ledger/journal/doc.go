// Package journal is a [wrapper.Ledger] in a directory, for many short processes of one user on one
// machine. Package ledger says what a ledger is for, and keeps one that several users or machines share
// in a store.
//
//	l, err := journal.New("/var/lib/drill/ledger", journal.WithBy("nightly drill"))
//	...
//	client, err := wrapper.New("https://gateway:19080", wrapper.WithLedger(l))
//
// No file stays open between two calls, so a ledger needs no Close.
//
// # Guarantees
//
// When Append has returned nil, the entry is on the disk, and every Entries call that starts later returns
// it, in any process. If a process dies, even of SIGKILL, no acknowledged entry is lost. An unfinished last
// line is not an entry: readers skip it, and the next append cuts it off.
//
// Every line has a checksum. A line that does not match its checksum is [ledger.ErrDamaged] with the file
// and the line number. Such a line may be about any operation of its file, so a force of any of them is
// refused until the line is removed. A file in an unknown format or of a later version is
// [store.ErrForeign] and is left unchanged.
//
// Reading takes no lock and writes nothing, so it works on a read-only file system and blocks no other
// call. Append holds the lock of one file for one write and one fsync. It waits for the lock until its
// context ends, and then fails with [store.ErrLocked].
//
// # Permissions
//
// The directory is created with mode 0700, and files with 0600. If others may write to one of them, or it is
// not owned by the effective user, its content is not evidence: Append and Entries fail with a [ModeError],
// which names the chmod or chown that fixes it. If others may only read, every call works, and
// [WithWarning] is told. On Windows permissions and owners are not checked.
//
// # Order and retention
//
// Entries are in the order in which they were appended, whatever the clocks said; a trail is sorted by time.
//
// Append removes entries older than the retention from the file that it appends to, under the lock of
// the file: it writes a new file, makes it durable, and renames it over the old one. It does so when an entry
// at the start of the file has been too old for a day, so at most once a day for each file. If that fails,
// the Append does not fail; a later one tries again. An entry stays as long as an entry appended
// before it to the same operation stays, whatever the clocks said. All entries after a damaged line stay.
//
// # Format
//
// The files of an operation are named after the first byte of its id:
//
//	5b.jsonl  the entries
//	5b.lock   the lock that appends take; empty
//	5b.tmp    left over if the process or the machine failed while old entries were removed
//
// A file of entries is JSON Lines. The first line is the header, and every other line is one entry with the
// member names that the package comment of ledger lists:
//
//	{"format":"sfcancel ledger","version":1,"shard":"5b","crc":"…"}
//	{"time":"…","operationId":"5b1f60aa-…","action":"graceful", … ,"crc":"…"}
//
// The last member of a line, crc, is the CRC-32C, in 8 hexadecimal digits, of everything before the comma
// in front of it.
package journal
