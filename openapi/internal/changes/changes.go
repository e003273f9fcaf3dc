// Package changes describes in sentences what a new document changes for callers, and who has to act.
//
// It compares the parts of a document that the generated package exposes: operations, parameters, answers, schemas.
// Whether a change is breaking is decided elsewhere, by oasdiff.
package changes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Callers describes the handwritten code that uses the generated package.
type Callers interface {
	// Method returns the wrapper's method for an operation, such as Cancel, or "".
	Method(operation string) string
	// Lacks says what the wrapper lacks to send a parameter, given the name of its field in Go, or "".
	Lacks(operation, field string) string
}

// change is one sentence, with its subject apart, so that sentences about several operations can be merged.
type change struct {
	subject string
	says    string   // the sentence from the verb on: "has a new …"
	acts    []string // who has to act
}

// Between lists the changes from the document before to the document after, one sentence each, in the order of the
// names. Both documents must have the Go overlay applied.
func Between(before, after *openapi3.T, callers Callers) []string {
	c := comparison{before: before, after: after, callers: callers}
	c.operations()
	c.schemas()
	return c.told()
}

type comparison struct {
	before, after *openapi3.T
	callers       Callers
	all           []change
}

func (c *comparison) add(subject, says string, acts ...string) {
	acts = slices.DeleteFunc(acts, func(s string) bool { return s == "" })
	c.all = append(c.all, change{subject, says, acts})
}

// several replaces singular verbs by plural ones.
var several = strings.NewReplacer("has ", "have ", "is ", "are ", "answers ", "answer ", "takes ", "take ")

// told returns one sentence for each distinct change, with all its subjects.
func (c *comparison) told() (all []string) {
	done := make(map[string]bool)
	for _, one := range c.all {
		if done[one.says] {
			continue
		}
		done[one.says] = true
		var subjects, acts []string
		for _, other := range c.all {
			if other.says != one.says {
				continue
			}
			subjects = append(subjects, other.subject)
			for _, act := range other.acts {
				if !slices.Contains(acts, act) {
					acts = append(acts, act)
				}
			}
		}
		says := one.says
		if len(subjects) > 1 {
			verb, rest, _ := strings.Cut(says, " ")
			says = several.Replace(verb+" ") + rest
		}
		sentence := listed(subjects, "and") + " " + says
		if len(acts) > 0 {
			sentence += ": " + strings.Join(acts, "; ")
		}
		all = append(all, sentence+".")
	}
	return all
}

// listed joins names as in a sentence, naming at most four.
func listed(names []string, last string) string {
	if len(names) > 4 {
		names = append(slices.Clone(names[:3]), fmt.Sprintf("%d more", len(names)-3))
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " " + last + " " + names[len(names)-1]
}

// both returns the keys of two maps, sorted.
func both[V any](a, b map[string]V) []string {
	all := maps.Clone(b)
	if all == nil {
		all = make(map[string]V)
	}
	maps.Copy(all, a)
	return slices.Sorted(maps.Keys(all))
}
