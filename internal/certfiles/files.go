// Package certfiles reads certificates, keys and authorities from files that are replaced while a
// program runs, as clients and servers need them.
package certfiles

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// Files are those of one side of a connection; "" is none.
type Files struct {
	// Cert and Key go together.
	Cert, Key string
	// CA has the authorities that the other side's certificate has to go back to.
	CA string
	// Lists are texts that change with the others.
	Lists []string
	// Names is what errors call these.
	Names Names
}

// Names is what people know files by.
type Names struct {
	Cert, Key, CA, Lists string
	Before               string // what an error begins with
	Peer                 string // what could not be trusted without CA
}

// Material is what the files held when they were read.
type Material struct {
	Pair  *tls.Certificate // nil without files
	Roots *x509.CertPool   // nil without a file
	Lists []string

	stamps  []stamp
	digest  [sha256.Size]byte
	settled bool
}

// Error is a file that is of no use.
type Error struct {
	Name string // what people know it by, of [Names]
	Path string
	Err  error // why: one of the errors below, of the system, or another
}

// Why a file is of no use; the sentence begins with its name. Nothing of a key gets into an error.
var (
	ErrEncrypted     = errors.New("is encrypted, and there is nobody to ask for the password: decrypt it with openssl pkey")
	ErrByteOrderMark = errors.New("begins with a byte order mark, which PEM must not: save it as ASCII or as UTF-8 without one")
	ErrNoPEM         = errors.New("has no PEM block")
	ErrKeyOfAnother  = errors.New("does not belong to the first certificate")
)

// Error names the file and says why.
func (e *Error) Error() string {
	if path := (*fs.PathError)(nil); errors.As(e.Err, &path) { // which names it
		return e.Name + ": " + e.Err.Error()
	}
	return e.Name + " " + e.Path + " " + e.Err.Error()
}

// Unwrap returns why.
func (e *Error) Unwrap() error { return e.Err }

// maxFile bounds a file of certificates, which is read whole. The largest honest one,
// a bundle of all public roots, has less than 1 MiB.
const maxFile = 4 << 20

// settling is how old a file must be before its time and size can be trusted to
// change with its content: the coarsest file systems count in steps of 2 s.
const settling = 2 * time.Second

// stamp is a file as the system describes it; info is nil if that failed.
type stamp struct {
	path string
	info fs.FileInfo
}

func (s stamp) same(other stamp) bool {
	if s.info == nil || other.info == nil {
		return s.info == nil && other.info == nil
	}
	return os.SameFile(s.info, other.info) && s.info.Size() == other.info.Size() && s.info.ModTime().Equal(other.info.ModTime())
}

// stamps describes the files as they are now.
func (f Files) stamps() []stamp {
	var all []stamp
	for _, path := range append([]string{f.Cert, f.Key, f.CA}, f.Lists...) {
		if path != "" {
			info, _ := os.Stat(path) // reading it says why
			all = append(all, stamp{path, info})
		}
	}
	return all
}

// current reports, by asking the system alone, that the files hold what they held.
func (m *Material) current(now []stamp) bool {
	for i, s := range m.stamps {
		if !s.same(now[i]) {
			return false
		}
	}
	return m.settled
}

// read reads the files. The stamps are from before, so that a change in between is
// one that the next look finds.
func (f Files) read(stamps []stamp, now time.Time) (*Material, error) {
	m, err := f.material(stamps, now)
	if err != nil {
		return nil, fmt.Errorf("%s%w", f.Names.Before, err)
	}
	return m, nil
}

func (f Files) material(stamps []stamp, now time.Time) (*Material, error) {
	m := &Material{stamps: stamps, settled: true}
	digest := sha256.New()
	contents := make(map[string][]byte)
	for _, s := range stamps {
		content, err := readFile(s.path)
		if err == nil && !slices.Contains(f.Lists, s.path) && isMarked(content) {
			err = ErrByteOrderMark
		}
		if err != nil {
			return nil, &Error{f.name(s.path), s.path, err}
		}
		fmt.Fprintf(digest, "%d ", len(content))
		digest.Write(content)
		contents[s.path] = content
		if s.info == nil || now.Sub(s.info.ModTime()).Abs() < settling {
			m.settled = false
		}
	}
	digest.Sum(m.digest[:0])
	if f.Cert != "" {
		pair, err := tls.X509KeyPair(contents[f.Cert], contents[f.Key])
		if err != nil {
			return nil, f.pairProblem(contents[f.Cert], contents[f.Key], err)
		}
		m.Pair = &pair
	}
	if f.CA != "" {
		roots, err := readRoots(contents[f.CA], f.Names.Peer)
		if err != nil {
			return nil, &Error{f.Names.CA, f.CA, err}
		}
		m.Roots = roots
	}
	for _, path := range f.Lists {
		m.Lists = append(m.Lists, string(contents[path]))
	}
	return m, nil
}

// name is what people know a file by.
func (f Files) name(path string) string {
	switch path {
	case f.Cert:
		return f.Names.Cert
	case f.Key:
		return f.Names.Key
	case f.CA:
		return f.Names.CA
	default:
		return f.Names.Lists
	}
}

// readFile reads a file that can be read again later, and is not endless.
func readFile(path string) ([]byte, error) {
	// Opening a pipe could wait for ever.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("is not a regular file, so it could not be read again when it changes")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err // names the file and the reason
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("is longer than %d MiB, so it is no file of certificates", maxFile>>20)
	}
	return content, err
}

// isMarked reports a mark that hides the first PEM block, or that the text is UTF-16.
func isMarked(content []byte) bool {
	return slices.ContainsFunc([]string{"\xef\xbb\xbf-----BEGIN", "\xff\xfe", "\xfe\xff"}, func(mark string) bool {
		return bytes.HasPrefix(content, []byte(mark))
	})
}

// pairProblem says what is wrong with a certificate and its key.
func (f Files) pairProblem(cert, key []byte, cause error) *Error {
	const convert = "; openssl pkcs12 makes PEM of a PFX file"
	certs, keys := blocks(cert, "CERTIFICATE"), blocks(key, "PRIVATE KEY")
	ofCert := func(err error) *Error { return &Error{f.Names.Cert, f.Cert, err} }
	ofKey := func(err error) *Error { return &Error{f.Names.Key, f.Key, err} }
	switch {
	case len(certs) == 0:
		return ofCert(fmt.Errorf("%w CERTIFICATE%s", ErrNoPEM, convert))
	case len(keys) == 0:
		return ofKey(fmt.Errorf("%w PRIVATE KEY%s", ErrNoPEM, convert))
	case strings.HasPrefix(keys[0].Type, "ENCRYPTED"), strings.Contains(keys[0].Headers["Proc-Type"], "ENCRYPTED"):
		return ofKey(ErrEncrypted)
	}
	for _, block := range certs {
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return ofCert(fmt.Errorf("has a damaged certificate (%w): get it anew", err))
		}
	}
	if strings.Contains(cause.Error(), "does not match") { // crypto/tls has no name for it
		return ofKey(fmt.Errorf("%w in %s %s: find its own", ErrKeyOfAnother, f.Names.Cert, f.Cert))
	}
	return ofKey(errors.New("has a key that cannot be read: it must be PKCS #8, PKCS #1 or SEC 1, as openssl pkey writes it"))
}

// blocks are the PEM blocks whose type ends so.
func blocks(content []byte, kind string) (found []*pem.Block) {
	for {
		var block *pem.Block
		if block, content = pem.Decode(content); block == nil {
			return found
		}
		if strings.HasSuffix(block.Type, kind) {
			found = append(found, block)
		}
	}
}

// readRoots takes all certificates or none: x509.CertPool alone leaves out what it
// cannot read, and the file could be one that is just being written.
func readRoots(content []byte, peer string) (*x509.CertPool, error) {
	pool, n := x509.NewCertPool(), 0
	for {
		block, rest := pem.Decode(content)
		if block == nil {
			break
		}
		content = rest
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("has a damaged certificate (%w): get it anew", err)
		}
		pool.AddCert(c)
		n++
	}
	switch {
	case strings.Contains(string(content), "-----BEGIN"):
		return nil, errors.New("has a PEM block that is cut off or damaged: get it anew")
	case n == 0:
		return nil, fmt.Errorf("%w CERTIFICATE, so no %s could be trusted", ErrNoPEM, peer)
	}
	return pool, nil
}
