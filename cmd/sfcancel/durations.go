package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// duration is the value of a flag for a time span: in the notation of Go, or with days, such as 1d or 1d12h.
type duration time.Duration

func durationVar(f *pflag.FlagSet, to *time.Duration, name string, value time.Duration, usage string) {
	*to = value
	f.Var((*duration)(to), name, usage)
}

func (d *duration) String() string { return time.Duration(*d).String() }

// Type is the name of the value in help.
func (*duration) Type() string { return "duration" }

func (d *duration) Set(text string) error {
	parsed, err := parseDuration(text)
	*d = duration(parsed)
	return err
}

var daysFirst = regexp.MustCompile(`^(-?)([0-9]{1,5})d(.*)$`)

func parseDuration(text string) (time.Duration, error) {
	rest, days := text, 0
	if m := daysFirst.FindStringSubmatch(text); m != nil {
		days, _ = strconv.Atoi(m[2]) // the pattern takes digits only
		if rest = m[1] + m[3]; m[3] == "" {
			rest = "0s"
		}
		if m[1] != "" {
			days = -days
		}
	}
	parsed, err := time.ParseDuration(rest)
	sum := parsed + time.Duration(days)*24*time.Hour
	if err != nil || strings.Contains(rest, "-") && sum > 0 {
		return 0, fmt.Errorf("it must be a time span such as 90s, 10m, 1h30m or 1d")
	}
	return sum, nil
}

// moment is the value of a flag for a point in time: a date, a date and a time, or how long ago.
type moment struct{ time.Time }

func (m *moment) String() string {
	if m.IsZero() {
		return ""
	}
	return m.Format(time.RFC3339)
}

// Type is the name of the value in help.
func (*moment) Type() string { return "time" }

func (m *moment) Set(text string) error {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			m.Time = at
			return nil
		}
	}
	ago, err := parseDuration(text)
	if err != nil {
		return fmt.Errorf("it must be a date such as 2026-11-30, a time such as 2026-11-30T14:00, or how long ago, such as 24h or 2d")
	}
	if ago <= 0 {
		return fmt.Errorf("it must be more than 0")
	}
	m.Time = time.Now().Add(-ago)
	return nil
}
