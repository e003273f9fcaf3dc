// Package changes says in sentences what a new document changes for callers, and who has to act.
//
// It looks at what the generated package shows of a document: operations, parameters, answers, schemas. What is
// breaking is judged elsewhere, by oasdiff.
package changes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Callers is what is known of the code that is written by hand.
type Callers interface {
	// Method is the method of the wrapper for an operation, such as Cancel, or nothing.
	Method(operation string) string
	// Lacks says what the wrapper lacks to send a parameter, by the name of its field in Go, or nothing.
	Lacks(operation, field string) string
}

// change is one sentence less its subject, so that one about many operations is told once.
type change struct {
	subject string
	says    string   // from the verb on: "has a new …"
	acts    []string // who has to act
}

// Between lists what the document after changes compared to the document before, a sentence each, in the order of the
// names. Both documents are as Go sees them, under the Go overlay.
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

// several is how a verb is written after more than one subject.
var several = strings.NewReplacer("has ", "have ", "is ", "are ", "answers ", "answer ", "takes ", "take ")

// told writes a sentence for each thing that is said, with all of whom it is said.
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

// listed writes a list as a sentence has it: three at most by name.
func listed(names []string, last string) string {
	if len(names) > 4 {
		names = append(slices.Clone(names[:3]), fmt.Sprintf("%d more", len(names)-3))
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " " + last + " " + names[len(names)-1]
}

// both are the keys of two maps, sorted.
func both[V any](a, b map[string]V) []string {
	all := maps.Clone(b)
	if all == nil {
		all = make(map[string]V)
	}
	maps.Copy(all, a)
	return slices.Sorted(maps.Keys(all))
}
