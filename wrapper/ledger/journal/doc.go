// Package journal is a [wrapper.Ledger] in a directory, for many short processes of one user on one
// machine. Package ledger tells what a ledger is for; what several users or machines share belongs
// into a store there.
//
//	l, err := journal.New("/var/lib/drill/ledger", journal.WithBy("nightly drill"))
//	...
//	client, err := wrapper.New("https://gateway:19080", wrapper.WithLedger(l))
//
// Nothing is kept open between two calls, and there is nothing to close.
//
// # What it promises
//
// When Append has returned nil, the entry is on the disk, and every Entries that starts later returns
// it, in whichever process. If a process dies, even of SIGKILL, no acknowledged entry is lost. An
// unfinished last line is not an entry: readers leave it out, and the next append cuts it off.
//
// Every line has a checksum, and a line that does not fit it is [ledger.ErrDamaged] with the file
// and the number of the line. Nothing in such a line can be believed, so it may be about any
// operation of its file: for all of those a force is refused, until somebody has removed the line.
// A file that is not of this form, or of a later one, is [store.ErrForeign] and stays untouched.
//
// A call that reads takes no lock and writes nothing: it works on a read-only file system, and holds
// nobody up. A call that appends holds the lock of one file for one write and one fsync, and waits
// for it as long as its context allows, then failing with [store.ErrLocked].
//
// # Who may read and write
//
// The directory is made with mode 0700, and files with 0600. If others may write to one of them, or it
// belongs to another user than the effective one, what it holds is no evidence: Append and Entries fail with a [ModeError], which says what chmod or chown
// cures it. If others may only read, everything works, and [WithWarning] hears of it. On Windows
// permissions and owners are not looked at.
//
// # Order and retention
//
// Entries are in the order in which they were appended, whatever the clocks said; a trail is in the
// order of the times.
//
// Entries older than the retention are removed by whoever appends to their file, under its lock: the
// file is written anew beside the old one, made durable, and takes its place. That is done when the
// first entries of the file have been too old for a day, so at most once a day for a file, and once
// for a call. Its failure is nobody's failure: the next turn will do it. An entry stays while one of its operation
// stays that was appended before it, whatever the clocks said, and all stay that come after a damaged line.
//
// # What is in the directory
//
// An operation belongs to the file that is named after the first byte of its id:
//
//	5b.jsonl  the entries
//	5b.lock   held by whoever appends; empty
//	5b.tmp    left over if the machine failed while old entries were removed
//
// A file of entries is JSON Lines. The first line is the header, each other line one entry, with the names that
// the package comment of ledger tells:
//
//	{"format":"sfcancel ledger","version":1,"shard":"5b","crc":"…"}
//	{"time":"…","operationId":"5b1f60aa-…","action":"graceful", … ,"crc":"…"}
//
// The member crc is the last one of its line: CRC-32C, as 8 hexadecimal digits, of what comes before
// the comma in front of it.
package journal
