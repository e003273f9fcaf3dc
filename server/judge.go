package server

import (
	"slices"
	"time"
)

// judgement is what a request says, once its parameters were judged. It is
// filled as far as the judging got, which is what the log wants of a refusal.
type judgement struct {
	path    map[string]string // variables of the path
	values  map[string]string // parameters of the query, canonical
	query   canonical         // what the generated binder reads
	timeout time.Duration
}

// judge judges the parameters of an operation: first failure wins, in the order
// of the table, and the timeout last, because the runtime leaves it to what
// comes after the gateway (§3).
func (c *config) judge(r *route, vars map[string]string, q query, timeoutByDocument bool) (*judgement, *Error) {
	j := &judgement{path: vars, values: make(map[string]string)}
	version, _ := q.first(apiVersionName) // as given: the version check let it pass
	j.query.add(apiVersionName, version)

	op, known := operations[r.key]
	for i := range parameters {
		p := &parameters[i]
		if text, ok := vars[p.name]; ok {
			var err *Error
			if vars[p.name], err = p.inPath(c.profile, text, op.progress); err != nil {
				return j, err
			}
			continue
		}

		text, given := q.first(p.name)
		switch {
		case slices.Contains(op.query, p.name):
		case !known && given:
		default:
			continue // not a parameter of this operation
		}
		value, err := p.inQuery(c.profile, text, given, j.values)
		if err != nil {
			return j, err
		}
		j.values[p.name] = value
		j.query.add(p.name, value)
	}

	var err *Error
	if j.timeout, err = judgeTimeout(q, timeoutByDocument, &j.query); err != nil {
		return j, err
	}
	j.query.pass(q)
	return j, nil
}

// inPath judges a variable of the path.
func (p *parameter) inPath(profile Profile, text string, progress bool) (string, *Error) {
	value, refused := p.format[profile].read(text)
	switch {
	case refused == "":
		return value, nil
	case !progress || profile != Runtime:
		return "", p.refuse(profile, text, refused)
	case p.unreadable != "":
		return p.unreadable, nil
	default:
		return text, nil
	}
}

// inQuery judges a parameter of the query.
func (p *parameter) inQuery(profile Profile, text string, given bool, earlier map[string]string) (string, *Error) {
	if p.unread != nil {
		if text, ok := p.unread(profile, earlier); ok {
			return text, nil
		}
	}
	if !given {
		if p.absent[profile] == "" {
			return "", p.missing(profile)
		}
		return p.absent[profile], nil
	}
	value, refused := p.format[profile].read(text)
	if refused != "" {
		return "", p.refuse(profile, text, refused)
	}
	return value, nil
}
