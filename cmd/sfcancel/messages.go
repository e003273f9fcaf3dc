package main

import (
	"context"
	"crypto/sha1" //nolint:gosec // the thumbprint of Service Fabric
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/certfiles"
	"github.com/sfcancel/sfcancel/internal/clienttls"
	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

// message is what a person is told of a failure: what is so, and what to do next. Names in braces are those of
// a situation.
type message struct {
	cause    string // its name in -o json
	is       func(*situation) bool
	sentence string
	next     string
}

// messages are all causes that are told apart. The first that is so counts: what was decided on this side comes
// before what the wire did, and what nobody knows before why.
var messages = [...]message{
	{"key-encrypted", is(certfiles.ErrEncrypted),
		"the key {keyfile} has a password, and nobody can be asked for it", "openssl pkey -in KEY -out PLAIN writes it without"},
	{"key-of-another", is(certfiles.ErrKeyOfAnother),
		"the key {keyfile} does not belong to the certificate {certfile}", "find its own; --cert and --key go together"},
	{"byte-order-mark", is(certfiles.ErrByteOrderMark),
		"{file} begins with a byte order mark, as Notepad writes it", "save it as ASCII or UTF-8 without BOM"},
	{"no-pem", is(certfiles.ErrNoPEM),
		"a file of --cert, --key or --ca is no PEM ({file})", "openssl writes PEM of a PFX or DER file"},
	{"file-unreadable", asType[*certfiles.Error],
		"a file of --cert, --key or --ca cannot be used: {why}", "sfcancel doctor looks at each"},

	{"token-command", func(s *situation) bool { return asType[tokenError](s) && !s.denied() },
		"the token command brought no token: {why}", "run it by itself, log in, and try again"},
	{"native-port", is(errNative),
		"{host} is the port of the native protocol", "the HTTP gateway is mostly at 19080: --endpoint {at19080}"},
	{"outcome-unknown", is(wrapper.ErrOutcomeUnknown),
		"outcome unknown: it may have been carried out ({answer})", "look with sfcancel show {id}"},

	{"ledger-at-the-force", func(s *situation) bool { return isLedger(s) && errors.Is(s.err, wrapper.ErrNotFinished) },
		"the ledger failed, so there was no force after the grace{seen}", "the graceful cancel is in effect; --ledger none does without the ledger"},
	{"ledger-open", isMode,
		"others may write to the ledger, so it proves nothing and no force is sent", "close it to them; --ledger none does without it"},
	{"ledger-damaged", ledgerIs(ledger.ErrDamaged),
		"the ledger is damaged, so it proves nothing and no force is sent", "sfcancel ledger tells which line; --ledger none does without it"},
	{"ledger-foreign", ledgerIs(store.ErrForeign),
		"what --ledger names is no ledger, and no force is sent", "name another with --ledger; --ledger none does without it"},
	{"ledger-locked", ledgerIs(store.ErrLocked),
		"the ledger is in use by another process, and no force is sent", "try again; --ledger none does without it"},
	{"ledger-read-only", ledgerIs(fs.ErrPermission, syscall.EROFS),
		"the ledger cannot be read or written by you, and no force is sent", "name another with --ledger; --ledger none does without it"},
	{"ledger-full", ledgerIs(syscall.ENOSPC, syscall.EDQUOT),
		"the ledger's disk is full, and no force is sent", "make room; --ledger none does without it"},
	{"ledger-unreachable", isLedger,
		"the ledger cannot be reached or used, and no force is sent", "name another with --ledger; --ledger none does without it"},
	{"grace-not-over", isGrace,
		"force refused by policy: the graceful cancel has run {ran} of {grace}", "run again after {notbefore}, or sfcancel stop {id}"},
	{"grace-too-long", func(s *situation) bool { return s.refusal().Grace > 0 },
		"force refused by policy: the grace of {grace} does not fit into what is left of {limit}", "--timeout gives it longer"},
	{"no-graceful-cancel", is(wrapper.ErrForceRefused),
		"force refused by policy: no graceful cancel of this operation is known", "cancel it gracefully first: sfcancel cancel {id}"},

	{"interrupted", func(s *situation) bool { return s.interrupted },
		"interrupted{seen}", "sfcancel show {id} tells what is so"},
	{"not-finished", is(wrapper.ErrNotFinished),
		"{id} is not finished after {limit}{seen}", "run it again to go on; --timeout gives it longer"},
	{"unknown-id", is(errNotFound),
		"no such operation: {id}", "{near}"},

	{"proxy", asType[*clienttls.ProxyError],
		"{proxywhy}", "check --proxy and HTTPS_PROXY; --proxy '' does without"},
	{"dns", asType[*net.DNSError],
		"the name {name} cannot be resolved", "check --endpoint and the network, then sfcancel doctor"},
	{"nothing-listens", is(syscall.ECONNREFUSED),
		"nothing listens at {host} (connection refused)", "is the port right? sfcancel doctor looks; sfcancel serve is a cluster to try"},
	{"http-to-https", isPlainToTLS,
		"{host} speaks TLS, and was asked without", "write https://, with --cert and --key"},
	{"https-to-http", isTLSToPlain,
		"{host} does not speak TLS", "write http:// instead of https://, or another port"},
	{"certificate-name", asType[x509.HostnameError],
		"the certificate of {host} is for another host", "if it is the cluster's: {accept}"},
	{"certificate-expired", isExpired,
		"the certificate of {host} has expired, or this clock is wrong ({valid})", "renew it on the cluster"},
	{"certificate-pin", isPin,
		"the certificate of {host} is none that you named", "if it was renewed: {accept}"},
	{"certificate-untrusted", asType[*tls.CertificateVerificationError],
		"{host} shows a certificate of an unknown authority", "--ca FILE, or if it is the cluster's, {accept}"},
	{"certificate-refused", func(s *situation) bool { return s.cert && isHandshake(s) },
		"{host} refused the client certificate", "name one that the cluster knows: --cert and --key"},
	{"certificate-wanted", isHandshake,
		"{host} refused the connection for lack of a client certificate", "name one with --cert and --key"},

	{"token-refused", func(s *situation) bool { return s.denied() && s.token },
		"the token is not accepted ({answer})", "log in anew, and check whom --token-command asks for it"},
	{"role-too-low", func(s *situation) bool { return s.denied() && s.cert && s.attempt.Code != "" },
		"your role does not allow this ({answer})", "use the certificate of an admin"},
	{"certificate-unknown", func(s *situation) bool { return s.denied() && s.cert },
		"the cluster does not accept the client certificate ({answer})", "name one that it knows: --cert and --key"},
	{"certificate-missing", (*situation).denied,
		"the cluster wants credentials, and got none ({answer})", "--cert and --key, or --token-command"},

	{"no-fault-service", func(s *situation) bool { return s.attempt.Code == "FMFailoverUnitNotFound" },
		"the cluster has no fault service ({answer})", "add FaultAnalysisService to the addOnFeatures of the cluster"},
	{"node-in-transition", is(nodeInTransition),
		"the node is in transition already, {other} ({answer})", "wait, or stop that one"},
	{"id-in-use", is(wrapper.Code(generated.ErrorCodeTestCommandOperationIDAlreadyExists)),
		"an operation of another kind has the id ({answer})", "leave --id out for a new one"},
	{"force-too-early", is(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)),
		"the cluster refuses that in this state ({answer})", "sfcancel stop {id} does it in order"},
	{"html", isHTML,
		"{host} answers with a web page, as a proxy or a login does ({answer})", "check --endpoint, --proxy and HTTPS_PROXY"},
	{"not-service-fabric", isOther,
		"what answers at {host} is not Service Fabric ({answer})", "check --endpoint; sfcancel doctor looks"},
	{"refused", is(wrapper.ErrServerRefused),
		"the cluster refuses that ({answer}): {said}", "--debug shows the answer"},
	{"not-ready", func(s *situation) bool { return s.attempt.Status >= http.StatusInternalServerError },
		"the fault service does not answer as it should ({answer})", "try again; sfcancel doctor looks"},

	{"unreachable", is(errUnreachable),
		"no connection to {host} came about in {contact}", "check the address and the network; --timeout 30s waits longer"},
	{"time-over", is(context.DeadlineExceeded),
		"no answer from {host} in {limit}", "--timeout waits longer; sfcancel doctor looks"},
	{"connection-lost", func(s *situation) bool { return s.attempt.Err != nil },
		"{host} ends connections without an answer", "check --endpoint; sfcancel doctor looks"},
}

// nodeInTransition is the code of a node transition that meets another.
const nodeInTransition = wrapper.Code(generated.ErrorCodeNodeTransitionInProgress)

// situation is a failure with what is known of it.
type situation struct {
	err         error
	call        *wrapper.Error
	attempt     wrapper.Attempt // the one that tells most
	conn        *connection
	cert, token bool
	interrupted bool
	id          uuid.UUID
	near        []uuid.UUID // that are like an unknown one
	other       string      // what a node is busy with
}

// explained is a failure in words of the table.
type explained struct {
	error
	cause, sentence, next string
}

func (e *explained) Error() string {
	if e.next == "" {
		return e.sentence
	}
	return e.sentence + ": " + e.next
}

func (e *explained) Unwrap() error { return e.error }

// explain finds the message for a failure. One that is in no table is returned as it is.
func (s *situation) explain() error {
	var done *explained
	var bad usageError
	var file *certfiles.Error
	switch {
	case s.err == nil || errors.As(s.err, &done):
		return s.err
	case errors.As(s.err, &file):
	case errors.Is(s.err, wrapper.ErrInvalidArgument):
		return usage(errors.New(flagWords.Replace(s.err.Error())))
	case errors.As(s.err, &bad):
		return s.err
	}
	if errors.As(s.err, &s.call) {
		s.attempt = telling(s.call.Attempts(), errors.Is(s.err, wrapper.ErrServerRefused))
		if s.id == (uuid.UUID{}) {
			s.id = s.call.OperationID()
		}
	}
	for _, m := range messages {
		if m.is(s) {
			return &explained{s.err, m.cause, s.fill(m.sentence), s.fill(m.next)}
		}
	}
	return s.err
}

// telling is the attempt that says why a call failed: the refusal behind one, else the last that is no success, and
// rather one that was not cut short with the call.
func telling(attempts []wrapper.Attempt, refused bool) (told wrapper.Attempt) {
	for _, a := range slices.Backward(attempts) {
		switch short := errors.Is(a.Err, context.Canceled) || errors.Is(a.Err, context.DeadlineExceeded); {
		case a.Class() == "done", refused && a.Class() != "refused":
		case !short:
			return a
		case told.Endpoint == "":
			told = a
		}
	}
	return told
}

// fill puts the situation into a text. What others wrote is bounded, so that a message is.
func (s *situation) fill(text string) string {
	for from, to, found := span(text, '{', '}'); found; from, to, found = span(text, '{', '}') {
		text = text[:from] + plain.Text(s.value(text[from+1:to-1])) + text[to:]
	}
	return text
}

// span is the first piece of a text between two signs, which it includes.
func span(text string, open, shut byte) (from, to int, found bool) {
	from = strings.IndexByte(text, open)
	to = strings.IndexByte(text[max(from, 0):], shut) + max(from, 0) + 1
	return from, to, from >= 0 && to > from
}

// value is that of a name in braces.
func (s *situation) value(name string) string {
	u := s.url()
	switch name {
	case "id":
		if s.id == (uuid.UUID{}) {
			return "ID"
		}
		return s.id.String()
	case "host":
		return short(u.Host, 50)
	case "name":
		return short(u.Hostname(), 60)
	case "at19080":
		return short(u.Scheme+"://"+net.JoinHostPort(u.Hostname(), "19080"), 60)
	case "limit":
		return s.conn.limit.String()
	case "contact":
		return firstContact.String()
	case "answer":
		return s.answer()
	case "why":
		return s.why()
	case "proxywhy":
		return short(s.proxyWhy(), 60)
	case "seen":
		if s.call == nil || s.call.State() == "" {
			return ""
		}
		return ", last seen " + short(string(s.call.State()), 20)
	case "near":
		return s.nearText()
	case "other":
		return s.other
	case "notbefore":
		return s.refusal().NotBefore.Local().Format(time.TimeOnly)
	case "grace":
		return s.refusal().Grace.String()
	case "ran":
		return s.refusal().Ran.Round(time.Second).String()
	case "file":
		file := new(certfiles.Error)
		_ = errors.As(s.err, &file)
		return tail(file.Path, 70)
	case "certfile":
		return tail(s.conn.tls.CertFile, 32)
	case "keyfile":
		return tail(s.conn.tls.KeyFile, 32)
	case "said":
		return plain.Quote(s.attempt.Message, 50)
	case "accept":
		return s.accept()
	case "valid":
		if c := s.shown(); c != nil {
			return "valid " + c.NotBefore.UTC().Format(time.DateOnly) + " to " + c.NotAfter.UTC().Format(time.DateOnly)
		}
	}
	return "?"
}

// short cuts what somebody else chose the length of.
func short(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-3], "") + "..."
}

// tail is the end of a path, where its name is.
func tail(path string, most int) string {
	if len(path) <= most {
		return path
	}
	return "..." + strings.ToValidUTF8(path[len(path)-most+3:], "")
}

// url is the gateway that the failure is about.
func (s *situation) url() *url.URL {
	address := s.attempt.Endpoint
	if address == "" && len(s.conn.endpoints) > 0 {
		address = s.conn.endpoints[0]
	}
	u, err := url.Parse(address)
	if err != nil {
		return new(url.URL)
	}
	return u
}

// answer is what came back, in a word or three.
func (s *situation) answer() string {
	a := s.attempt
	switch {
	case a.Status != 0 && a.Code != "":
		return fmt.Sprintf("%d %s", a.Status, short(string(a.Code), 50))
	case a.Status != 0:
		return fmt.Sprint(a.Status)
	case errors.Is(a.Err, context.DeadlineExceeded), errors.Is(s.err, context.DeadlineExceeded):
		return "no answer in time"
	}
	return "no answer"
}

// why is the end of a chain of errors, which says most in the fewest words.
func (s *situation) why() string {
	err := s.err
	if cause := s.refusal().Cause; cause != nil {
		err = cause
	}
	if file := (*certfiles.Error)(nil); errors.As(err, &file) {
		err = file.Err
		if path := (*fs.PathError)(nil); errors.As(err, &path) {
			err = path.Err
		}
		return tail(file.Path, 30) + ": " + short(err.Error(), 32)
	}
	if token := (tokenError{}); errors.As(err, &token) {
		return short(token.why.Error(), 60)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return short(innermost(err).Error(), 40)
}

func (s *situation) proxyWhy() string {
	proxy := new(clienttls.ProxyError)
	if errors.As(s.err, &proxy); proxy.Status != 0 {
		return proxy.Error()
	}
	return "the proxy cannot be reached"
}

func (s *situation) nearText() string {
	switch len(s.near) {
	case 0:
		return "sfcancel list shows what the cluster knows"
	case 1:
		return "the nearest that exists is " + s.near[0].String()
	}
	return fmt.Sprintf("nearest: %s, %s", s.near[0], s.near[1])
}

// refusal is that of a force, or the zero value.
func (s *situation) refusal() wrapper.Refusal {
	var refusal *wrapper.Refusal
	if !errors.As(s.err, &refusal) {
		return wrapper.Refusal{}
	}
	return *refusal
}

// shown is the certificate that a server showed.
func (s *situation) shown() *x509.Certificate {
	var bad *tls.CertificateVerificationError
	if errors.As(s.err, &bad) && len(bad.UnverifiedCertificates) > 0 {
		return bad.UnverifiedCertificates[0]
	}
	return nil
}

func (s *situation) accept() string {
	if c := s.shown(); c != nil {
		sum := sha1.Sum(c.Raw) //nolint:gosec // the thumbprint of Service Fabric
		return "--server-thumbprint " + strings.ToUpper(hex.EncodeToString(sum[:]))
	}
	return "--server-thumbprint"
}

func (s *situation) denied() bool {
	return s.attempt.Status == http.StatusForbidden || s.attempt.Status == http.StatusUnauthorized
}

// flagWords make what package wrapper says of its fields what it is about the flags.
var flagWords = strings.NewReplacer(
	"new client: ", "", "invalid argument: ", "", "; no request was sent", "", "TLS: ", "",
	"CertFile", "--cert", "KeyFile", "--key", "CAFile and RootCAs have no effect: leave them out, or set ServerCommonNames", "--ca has no effect: leave it out, or add --server-common-name",
	"CAFile", "--ca", "ServerThumbprints[", "--server-thumbprint [", "ServerThumbprints", "--server-thumbprint",
	"ServerCommonNames[", "--server-common-name [", "ServerCommonNames", "--server-common-name", "set both or neither", "give both or neither",
)

// is looks for any of the errors.
func is(wanted ...error) func(*situation) bool {
	return func(s *situation) bool {
		return slices.ContainsFunc(wanted, func(err error) bool { return errors.Is(s.err, err) || errors.Is(s.attempt.Err, err) })
	}
}

// asType looks for an error of a type.
func asType[T error](s *situation) bool {
	var wanted T
	return errors.As(s.err, &wanted) || errors.As(s.attempt.Err, &wanted)
}

// isLedger reports that the ledger is why no force was sent.
func isLedger(s *situation) bool {
	return s.refusal().Cause != nil && !isGrace(s) && !s.interrupted
}

func ledgerIs(wanted ...error) func(*situation) bool {
	return func(s *situation) bool {
		return isLedger(s) && slices.ContainsFunc(wanted, func(err error) bool { return errors.Is(s.err, err) })
	}
}

func isMode(s *situation) bool {
	return isLedger(s) && asType[*journal.ModeError](s)
}

func isGrace(s *situation) bool {
	return !s.refusal().NotBefore.IsZero()
}

// isPlainToTLS knows the answers of servers that wait for TLS: Go's and nginx's say so, others send an alert.
func isPlainToTLS(s *situation) bool {
	if s.url().Scheme != "http" {
		return false
	}
	body, failed := string(s.attempt.Body), fmt.Sprint(s.attempt.Err)
	return s.attempt.Status == http.StatusBadRequest && (strings.Contains(body, "HTTP request to an HTTPS server") || strings.Contains(body, "HTTP request was sent to HTTPS port")) ||
		strings.Contains(failed, `malformed HTTP response "\x15\x03`)
}

func isTLSToPlain(s *situation) bool {
	var header tls.RecordHeaderError
	return errors.As(s.err, &header) || errors.Is(s.attempt.Err, http.ErrSchemeMismatch)
}

func isExpired(s *situation) bool {
	var invalid x509.CertificateInvalidError
	return errors.As(s.err, &invalid) && invalid.Reason == x509.Expired
}

// isPin reports that names or thumbprints were given, and the certificate has none of them.
func isPin(s *situation) bool {
	var authority x509.UnknownAuthorityError
	return s.shown() != nil && !errors.As(s.err, &authority) && len(s.conn.tls.ServerThumbprints)+len(s.conn.tls.ServerCommonNames) > 0
}

func isHandshake(s *situation) bool {
	var failed *clienttls.HandshakeError
	return errors.As(s.err, &failed) || clienttls.RefusesHandshake(s.err)
}

func isHTML(s *situation) bool {
	return strings.HasPrefix(s.attempt.Header.Get("Content-Type"), "text/html") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(string(s.attempt.Body))), "<!doctype") ||
		strings.HasPrefix(strings.ToLower(strings.TrimSpace(string(s.attempt.Body))), "<html")
}

// isOther reports an answer that no gateway gives.
func isOther(s *situation) bool {
	return s.attempt.Status != 0 && s.attempt.Code == "" && s.attempt.Status < http.StatusInternalServerError || errors.Is(s.err, wrapper.ErrBadAnswer)
}
