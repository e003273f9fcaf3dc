package emit

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// bind returns the body of Bind: one block for each parameter, in order.
func bind(o *operation, facts []*parameter) (string, error) {
	var b strings.Builder
	for n, p := range slices.Concat(o.PathParams, o.QueryParams, o.HeaderParams, o.CookieParams) {
		into := "r.Params."
		if p.In == "path" {
			into = "r."
		}
		block, err := bindOne(n, o.Parameters[n], facts[o.Parameters[n]], p, into+p.GoName())
		if err != nil {
			return "", fmt.Errorf("parameter %s: %w", p.ParamName, err)
		}
		b.WriteString(block)
	}
	b.WriteString(bindBody(o))
	return b.String(), nil
}

// bindOne returns the block of the operation's n-th parameter, which is at index in the table.
func bindOne(n, index int, fact *parameter, p codegen.ParameterDefinition, field string) (string, error) {
	at := fmt.Sprintf("&parameters[%d]", index)
	goType := p.TypeDef()
	if fact.Array {
		if p.Schema.ArrayType == nil {
			return "", fmt.Errorf("the type %s of a list is not known", goType)
		}
		item := p.Schema.ArrayType.TypeDecl()
		convert := strings.ReplaceAll(conversion(fact, item, at), "is != Judged && ", "")
		missing := ""
		if fact.Required {
			missing = fmt.Sprintf(" else if len(all) == 0 {\n\treturn r, &ParameterError{Parameter: %s, Missing: true}\n}", at)
		}
		target, declared, after := field, "", ""
		if p.HasOptionalPointer() {
			target, declared = "list", "var list "+goType+"\n"
			after = fmt.Sprintf("if list != nil {\n%s = &list\n}\n", field)
		}
		return fmt.Sprintf("{\n%sall, err := s.Texts(%d, %s)\nif err != nil {\nreturn r, err\n}%s\nfor _, text := range all {\n%s%s = append(%s, v)\n}\n%s}\n",
			declared, n, at, missing, convert, target, target, after), nil
	}
	convert := conversion(fact, goType, at)
	assign := field + " = v\n"
	if p.HasOptionalPointer() {
		assign = field + " = &v\n"
	}
	absent := ""
	if value := literal(fact); !fact.Required && !p.HasOptionalPointer() && value != "" {
		absent = fmt.Sprintf(" else {\n%s = %s\n}", field, value)
	}
	return fmt.Sprintf("if text, is, err := text(s, %d, %s); err != nil {\nreturn r, err\n} else if is != Absent {\n%s%s}%s\n", n, at, convert, assign, absent), nil
}

// literal returns the default of a parameter as a Go expression, "" if it has none.
func literal(f *parameter) string {
	if f.Type == "string" && f.Format == "" && f.Default != "" {
		return strconv.Quote(f.Default)
	}
	if f.Type == "string" {
		return ""
	}
	return f.Default
}

// conversion returns code that converts a text to a v and checks every constraint of the document. The code returns if
// one does not hold.
func conversion(f *parameter, goType, at string) string {
	refuse := fmt.Sprintf("{\nreturn r, bad(%s, text)\n}\n", at)
	checked := func(conditions ...[]string) string {
		all := slices.Concat(conditions...)
		if len(all) == 0 {
			return ""
		}
		return "if is != Judged && (" + strings.Join(all, " || ") + ") " + refuse
	}
	var listed, pattern []string // conditions that are true if a text is not in the list, or does not match
	if f.Pattern != "" {
		pattern = []string{"!" + matcherOf(f.Pattern) + "(text)"}
	}
	for _, one := range f.Enum {
		listed = append(listed, fmt.Sprintf("text != %q", one))
	}
	switch {
	case f.Open && f.Pattern == "":
		listed = nil
	case f.Open:
		listed, pattern = append(listed, pattern...), nil
	}
	if len(listed) > 0 {
		listed = []string{strings.Join(listed, " && ")}
	}
	switch {
	case f.Type == "string" && f.Format == "uuid":
		return "v, ok := parseUUID(text)\nif !ok " + refuse
	case f.Type == "string" && f.Format == "date-time":
		return "v, err := time.Parse(time.RFC3339, text)\nif err != nil " + refuse
	case f.Type == "string" && f.Format == "date":
		return "day, err := time.Parse(time.DateOnly, text)\nif err != nil " + refuse + "v := openapi_types.Date{Time: day}\n"
	case f.Type == "string":
		return checked(listed, f.outside("utf8.RuneCountInString(text)"), pattern) + fmt.Sprintf("v := %s(text)\n", goType)
	case f.Type == "boolean":
		return "if text != \"true\" && text != \"false\" " + refuse + fmt.Sprintf("v := %s(text == \"true\")\n", goType)
	case f.Type == "integer":
		bits := 64
		if f.Format == "int32" {
			bits = 32
		}
		return fmt.Sprintf("whole, err := strconv.ParseInt(text, 10, %d)\nif err != nil %s%sv := %s(whole)\n",
			bits, refuse, checked(f.outside("whole"), listed), goType)
	case f.Type == "number":
		return fmt.Sprintf("real, err := strconv.ParseFloat(text, 64)\nif err != nil || math.IsNaN(real) || math.IsInf(real, 0) %s%sv := %s(real)\n",
			refuse, checked(f.outside("real")), goType)
	}
	// The runtime library parses all other types, such as objects.
	return fmt.Sprintf("var v %s\nif err := runtime.BindStyledParameterWithOptions(\"form\", %q, text, &v, runtime.BindStyledParameterOptions{Explode: false, Required: true}); err != nil %s",
		goType, f.Name, refuse)
}

// bindBody returns code that reads the body of a request.
func bindBody(o *operation) string {
	if len(o.Bodies) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("body, contentType := s.Body()\n_ = contentType\n")
	several := len(o.Bodies) > 1
	if several {
		b.WriteString("switch mediaType(contentType) {\n")
	}
	for _, one := range o.Bodies {
		field := "r.Body"
		if several {
			fmt.Fprintf(&b, "case %q:\n", one.ContentType)
			field = "r." + one.NameTag + "Body"
		}
		switch one.NameTag {
		case "JSON":
			fmt.Fprintf(&b, "var v %sJSONRequestBody\nif given, err := decode(body, &v); err != nil {\nreturn r, &BodyError{err}\n} else if given {\n%s = &v\n}", o.GoName, field)
			if o.BodyRequired {
				b.WriteString(" else {\nreturn r, &BodyError{errMissing}\n}")
			}
			b.WriteString("\n")
		case "Text":
			fmt.Fprintf(&b, "if data, err := io.ReadAll(body); err != nil {\nreturn r, &BodyError{err}\n} else {\nv := %sTextRequestBody(data)\n%s = &v\n}\n", o.GoName, field)
		default:
			fmt.Fprintf(&b, "%s = body\n", field)
		}
	}
	if several {
		b.WriteString("default:\nreturn r, &BodyError{fmt.Errorf(\"its type %.80q is none that the operation takes\", contentType)}\n}\n")
	}
	return b.String()
}

// matcherOf returns the name of the function that matches a pattern. The templates define it once.
func matcherOf(pattern string) string {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(pattern))
	return fmt.Sprintf("matches%08x", sum.Sum32())
}
