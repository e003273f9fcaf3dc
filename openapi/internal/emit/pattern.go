package emit

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
)

// matcher returns a function that reports whether a text matches a pattern. For a sequence of characters and
// classes in which no element overlaps with the next, such as
// ^[0-9]+\.[0-9]+$, it is straight-line code; otherwise it uses a regular expression.
func matcher(name, pattern string) string {
	head := fmt.Sprintf("\n// %s reports whether a text matches %s.\n", name, pattern)
	if steps, ok := sequence(pattern); ok {
		var b strings.Builder
		fmt.Fprintf(&b, "%sfunc %s(text string) bool {\ni := 0\n", head, name)
		for _, s := range steps {
			step := "i++\n"
			if s.many {
				step = fmt.Sprintf("for i < len(text) && (%s) {\ni++\n}\n", s.condition(true))
			}
			fmt.Fprintf(&b, "if i == len(text) || %s {\nreturn false\n}\n%s", s.condition(false), step)
		}
		b.WriteString("return i == len(text)\n}\n")
		return b.String()
	}
	return fmt.Sprintf("%sfunc %s(text string) bool { return %sExpression().MatchString(text) }\n\nvar %sExpression = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(%q) })\n",
		head, name, name, name, pattern)
}

// step matches one character of a class, or many.
type step struct {
	ranges []rune // pairs
	many   bool
}

// condition returns the condition that the character at i is in the class, or is not.
func (s step) condition(is bool) string {
	one, many, or := "text[i] == %q", "text[i] >= %q && text[i] <= %q", " || "
	if !is {
		one, many, or = "text[i] != %q", "(text[i] < %q || text[i] > %q)", " && "
	}
	var all []string
	for pair := range slices.Chunk(s.ranges, 2) {
		if pair[0] == pair[1] {
			all = append(all, fmt.Sprintf(one, pair[0]))
		} else {
			all = append(all, fmt.Sprintf(many, pair[0], pair[1]))
		}
	}
	return strings.Join(all, or)
}

func (s step) overlaps(o step) bool {
	for a := range slices.Chunk(s.ranges, 2) {
		for b := range slices.Chunk(o.ranges, 2) {
			if a[0] <= b[1] && b[0] <= a[1] {
				return true
			}
		}
	}
	return false
}

func sequence(pattern string) (steps []step, ok bool) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || parsed.Op != syntax.OpConcat {
		return nil, false
	}
	parts := parsed.Sub
	last := len(parts) - 1
	if last < 2 || parts[0].Op != syntax.OpBeginText || parts[last].Op != syntax.OpEndText {
		return nil, false
	}
	for _, p := range parts[1:last] {
		many := p.Op == syntax.OpPlus
		if many {
			p = p.Sub[0]
		}
		switch {
		case p.Op == syntax.OpLiteral && p.Flags&syntax.FoldCase == 0 && (!many || len(p.Rune) == 1):
			for _, r := range p.Rune {
				steps = append(steps, step{[]rune{r, r}, many})
			}
		case p.Op == syntax.OpCharClass:
			steps = append(steps, step{p.Rune, many})
		default:
			return nil, false
		}
	}
	for i, s := range steps {
		if slices.Max(s.ranges) >= 0x80 || s.many && i+1 < len(steps) && s.overlaps(steps[i+1]) {
			return nil, false
		}
	}
	return steps, true
}
