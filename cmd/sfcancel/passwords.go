package main

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/sfcancel/sfcancel/internal/plain"
)

// A command line shows up in the list of processes, in shell histories and in logs of jobs.
const passwordAdvice = "a password in a command line can be read by others, so it is refused: " +
	"for etcd write it to a file, and add ?password-file=FILE; a gateway takes a client certificate, --cert and --key"

// noPasswords refuses a URL with credentials in any argument, before an error repeats it: a parser
// quotes the part that it could not read, which may be a part of the password.
func noPasswords(args []string) error {
	for i, arg := range args {
		flag, value, joined := strings.Cut(arg, "=")
		if !joined || !strings.HasPrefix(flag, "-") {
			flag, value = "", arg
			if i > 0 && strings.HasPrefix(args[i-1], "-") && !strings.Contains(args[i-1], "=") {
				flag = args[i-1]
			}
		}
		switch {
		case !hasPassword(value) && (!isAddress(flag) || !hasUserinfo(value)) && (flag != "--endpoint" || !aGatewayWithAt.MatchString(value)):
		case flag == "":
			return usage(errors.New(passwordAdvice))
		default:
			return usage(errors.New(flag + ": " + passwordAdvice))
		}
	}
	return nil
}

// isAddress reports whether a flag takes an address. The scheme of the address may be missing or
// misspelt.
func isAddress(flag string) bool {
	return flag == "--endpoint" || flag == "--store" || flag == "--ledger"
}

// aURL matches the beginning of a URL. An argument may have several.
var aURL = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*:/{2,}`)

// aGatewayWithAt matches the address of a gateway with an @ anywhere: NAME:12/34@HOST has a password with a slash,
// and HOST:12/34@x looks the same but has none. A path may have %40.
var aGatewayWithAt = regexp.MustCompile(`(?is)https?:/*.*@`)

// hasPassword reports whether a URL in an argument has credentials, or is malformed in the way
// that a password with a slash causes.
func hasPassword(value string) bool {
	for _, at := range aURL.FindAllStringIndex(value, -1) {
		scheme, rest := strings.ToLower(strings.TrimRight(value[at[0]:at[1]], ":/")), value[at[1]:]
		authority := rest
		if end := strings.IndexAny(rest, "/?#\\ \t\r\n"); end >= 0 {
			authority = rest[:end]
		}
		info, found := beforeAt(strings.ToLower(authority))
		switch {
		case found && (strings.HasSuffix(scheme, "http") || strings.HasSuffix(scheme, "https")):
			return true // a gateway takes no user either, and a user may be a token
		case found:
			if strings.Contains(info, ":") || strings.Contains(info, "%3a") {
				return true
			}
		case !strings.Contains(rest, "@"):
		case !portsAlone(authority):
			return true // NAME:PASS/WORD@HOST
		case strings.HasSuffix(scheme, "etcd"), strings.HasSuffix(scheme, "etcds"):
			// NAME:12/34@HOST has a password, and HOST:12/PREFIX?ca=OPS@HOME has none.
			if tail, _ := beforeAt(rest[len(authority):]); !strings.Contains(tail, "=") {
				return true
			}
		}
	}
	return false
}

// portsAlone reports whether only ports follow the colons of HOST:PORT[,HOST:PORT].
func portsAlone(hosts string) bool {
	for host := range strings.SplitSeq(hosts, ",") {
		if strings.HasPrefix(host, "[") {
			_, host, _ = strings.Cut(host, "]")
		}
		if _, port, _ := strings.Cut(host, ":"); strings.Trim(port, "0123456789") != "" {
			return false
		}
	}
	return true
}

// hasUserinfo reports whether a value contains something like NAME:PASSWORD@. The path of a file
// may have both signs.
func hasUserinfo(value string) bool {
	if aURL.MatchString(value) || strings.HasPrefix(value, "bolt:") {
		return false
	}
	before, found := beforeAt(value)
	return found && strings.Contains(before, ":")
}

// hidden replaces in a text whatever may be a password in one of the arguments. noPasswords refuses only
// what is a password for sure, and errors repeat other arguments.
func hidden(args []string, text string) string {
	for _, arg := range args {
		if flag, value, joined := strings.Cut(arg, "="); joined && strings.HasPrefix(flag, "-") {
			arg = value
		}
		secret, found := beforeAt(arg)
		if at := strings.Index(secret, "://"); at >= 0 {
			secret = secret[at+len("://"):]
		}
		if !found || !strings.Contains(secret, ":") || strings.HasPrefix(arg, "bolt:") {
			continue
		}
		for _, form := range []string{secret, inner(strconv.Quote(secret)), inner(plain.Quote(secret, len(secret)))} {
			text = strings.ReplaceAll(text, form+"@", "xxxxx@")
		}
	}
	return text
}

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

// beforeAt returns the text before the last @.
func beforeAt(s string) (before string, found bool) {
	i := strings.LastIndex(s, "@")
	return s[:max(i, 0)], i >= 0
}
