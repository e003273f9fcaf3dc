package emit

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// functions returns the functions of the templates for requests and clients, besides those of oapi-codegen. Defaults,
// bounds and examples come from the document, because Go's overlay may remove them from the types.
func (c *contract) functions(operations []codegen.OperationDefinition) template.FuncMap {
	d := builders{make(map[string]*parameter)}
	for _, o := range c.Operations {
		for _, n := range o.Parameters {
			d.facts[o.GoName+" "+c.Parameters[n].In+" "+c.Parameters[n].Name] = c.Parameters[n]
		}
	}
	return template.FuncMap{
		"builderArguments": func(op codegen.OperationDefinition) string {
			return each(op, func(name, goType string) string { return ", " + name + " " + goType })
		},
		"builderNames": func(op codegen.OperationDefinition) string {
			return each(op, func(name, _ string) string { return ", " + name })
		},
		"builderNotes": d.notes,
		"buildRequest": d.build,
		"successes":    successes,
		"errorCode":    func() (string, error) { return errorCode(operations) },
		"example":      d.example,
		"summary":      func(op codegen.OperationDefinition) string { return strings.TrimSuffix(oneLine(op.Summary), ".") },
	}
}

// builders generates the code that builds requests.
type builders struct {
	facts map[string]*parameter // by operation, place and name
}

func (d builders) fact(op codegen.OperationDefinition, p codegen.ParameterDefinition) *parameter {
	return d.facts[op.OperationId+" "+p.In+" "+p.ParamName]
}

// variable returns the argument name of a path parameter, which must not shadow another name of the builder.
func variable(p codegen.ParameterDefinition) string {
	name := p.GoVariableName()
	if slices.Contains([]string{"ctx", "base", "params", "body", "contentType", "b", "c", "r", "a", "v", "i", "err", "path", "room", "response"}, name) {
		return name + "Value"
	}
	return name
}

// jsonBody returns the JSON body of an operation, or nil.
func jsonBody(op codegen.OperationDefinition) *codegen.RequestBodyDefinition {
	if i := slices.IndexFunc(op.Bodies, func(b codegen.RequestBodyDefinition) bool { return b.NameTag == "JSON" }); i >= 0 {
		return &op.Bodies[i]
	}
	return nil
}

// each concatenates the results of write for every argument of a builder.
func each(op codegen.OperationDefinition, write func(name, goType string) string) string {
	var b strings.Builder
	say := func(name, goType string) { b.WriteString(write(name, goType)) }
	for _, p := range op.PathParams {
		say(variable(p), p.TypeDef())
	}
	if op.RequiresParamObject() {
		say("params", op.OperationId+"Params")
	}
	switch one := jsonBody(op); {
	case one != nil && op.BodyRequired:
		say("body", op.OperationId+"JSONRequestBody")
	case one != nil:
		say("body", "*"+op.OperationId+"JSONRequestBody")
	case op.HasBody():
		say("contentType", "string")
		say("body", "io.Reader")
	}
	return b.String()
}

// notes returns comment lines on what is sent for zero values.
func (d builders) notes(op codegen.OperationDefinition) string {
	var all []string
	for _, p := range op.QueryParams {
		if text, zero := d.fact(op, p).fallback(); text != "" {
			all = append(all, fmt.Sprintf("If %s is %s, the document's default %s is sent", p.GoName(), zero, text))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "//\n// " + strings.Join(all, ".\n// ") + ".\n"
}

// fallback returns the default that is sent for the zero value of a required parameter. An optional parameter is omitted
// instead, and false is a valid value of a boolean.
func (p *parameter) fallback() (text, zero string) {
	switch {
	case !p.Required || p.In == "path" || p.Array || p.Default == "":
	case p.Type == "string":
		return p.Default, `""`
	case (p.Type == "integer" || p.Type == "number") && p.Default != "0":
		return p.Default, "0"
	}
	return "", ""
}

// code is Go code under construction, with the first error.
type code struct {
	strings.Builder
	err error
}

func (c *code) line(format string, args ...any) { fmt.Fprintf(c, format+"\n", args...) }

// build returns the body of a builder: it writes the path and the query to one buffer, then sets the headers.
func (d builders) build(op codegen.OperationDefinition) (string, error) {
	var c code
	c.line("var room [256]byte")
	c.line("b, err := base.begin(room[:0])")
	c.line("if err != nil {\nreturn nil, err\n}")
	d.path(&c, op)
	c.line("path := len(b)")
	for _, p := range op.QueryParams {
		d.parameter(&c, op, p, fmt.Sprintf("b = append(b, %q...)\n", "&"+url.QueryEscape(p.ParamName)+"="), "appendQuery")
	}
	body, given, contentType := "nil", "", "" // given is the condition that there is a body
	if !op.BodyRequired || jsonBody(op) == nil {
		given = "if body != nil "
	}
	switch one := jsonBody(op); {
	case one != nil:
		body, contentType = "content", strconv.Quote(one.ContentType)
		c.line("var content io.Reader")
		c.conditional(given, "text, err := json.Marshal(body)\nif err != nil {\nreturn nil, err\n}\ncontent = bytes.NewReader(text)")
	case op.HasBody():
		body, contentType = "body", "contentType"
	}
	if body == "nil" && len(op.HeaderParams)+len(op.CookieParams) == 0 {
		c.line("return base.request(ctx, %q, b, path, nil)", op.Method)
		return c.String(), c.err
	}
	c.line("r, err := base.request(ctx, %q, b, path, %s)", op.Method, body)
	c.line("if err != nil {\nreturn nil, err\n}")
	if contentType != "" {
		c.conditional(given, fmt.Sprintf("r.Header.Set(%q, %s)", "Content-Type", contentType))
	}
	for _, p := range slices.Concat(op.HeaderParams, op.CookieParams) {
		d.parameter(&c, op, p, "b = b[:0]\n", "appendText")
	}
	c.line("return r, nil")
	return c.String(), c.err
}

// conditional writes statements, in a block after the condition if it is not empty.
func (c *code) conditional(condition, statements string) {
	if condition != "" {
		statements = condition + "{\n" + statements + "\n}"
	}
	c.line("%s", statements)
}

// path writes the code for the path, variable by variable.
func (d builders) path(c *code, op codegen.OperationDefinition) {
	for rest := strings.TrimPrefix(op.Path, "/"); rest != ""; {
		before, after, _ := strings.Cut(rest, "{")
		if before != "" {
			c.line("b = append(b, %q...)", (&url.URL{Path: before}).EscapedPath())
		}
		name, more, variables := strings.Cut(after, "}")
		rest = more
		for _, p := range op.PathParams {
			if variables && p.ParamName == name {
				d.parameter(c, op, p, "", "appendSegment")
			}
		}
	}
}

// parameter writes the code that appends one parameter, with before in front of each of its values.
func (d builders) parameter(c *code, op codegen.OperationDefinition, p codegen.ParameterDefinition, before, escape string) {
	if err := d.fact(op, p).write(c, p, before, escape); err != nil && c.err == nil {
		c.err = fmt.Errorf("%s: parameter %s: %w", op.OperationId, p.ParamName, err)
	}
}

func (f *parameter) write(c *code, p codegen.ParameterDefinition, before, escape string) error {
	field, end := "params."+p.GoName(), ""
	if p.In == "path" {
		field = variable(p)
	}
	switch fallback, zero := f.fallback(); {
	case fallback != "" && p.In == "query":
		c.line("if %s == %s {\nb = append(b, %q...)\n} else {", field, zero, "&"+url.QueryEscape(p.ParamName)+"="+url.QueryEscape(fallback))
		end = "}\n"
	case p.HasOptionalPointer():
		c.line("if %s != nil {", field)
		field, end = "*"+field, "}\n"
	case !p.Required && p.ZeroValueIsNil(): // a list or a map; any other type without a pointer is always sent
		c.line("if %s != nil {", field)
		end = "}\n"
	}
	sent := map[string]string{
		"header": fmt.Sprintf("r.Header.Set(%q, string(b))\n", p.ParamName),
		"cookie": fmt.Sprintf("if err := addCookie(r, %q, string(b)); err != nil {\nreturn nil, err\n}\n", p.ParamName),
	}[p.In]
	written := field
	switch {
	case p.IsJson():
		c.line("text, err := json.Marshal(%s)\nif err != nil {\nreturn nil, err\n}", field)
		c.line("%s%s", before, appended(escape, p, "string(text)"))
		c.WriteString(sent + end)
		return nil
	case p.Spec.Schema == nil:
		return errors.New("only JSON content can be written")
	case f.Array:
		written = "v"
	}
	value, err := f.append(p, written, escape)
	if err != nil {
		return err
	}
	if !f.Array {
		f.check(c, field, end == "")
		c.line("%s%s", before, value)
		c.WriteString(sent + end)
		return nil
	}
	if p.Required {
		c.line("if len(%s) == 0 {\nreturn nil, &RequestError{Parameter: %q, Must: \"have a value\"}\n}", field, p.ParamName)
	}
	separator := map[string]string{"form": ",", "simple": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}[p.Style()]
	switch {
	case separator == "":
		return fmt.Errorf("the style %s of a list cannot be written", p.Style())
	case p.In == "query" && p.Explode():
		c.line("for _, v := range %s {\n%s%s\n}", field, before, value)
	default:
		c.line("%sfor i, v := range %s {\nif i > 0 {\nb = append(b, %q...)\n}\n%s\n}", before, field, separator, value)
	}
	c.WriteString(sent + end)
	return nil
}

// appended returns code that appends an arbitrary text.
func appended(escape string, p codegen.ParameterDefinition, text string) string {
	if escape == "appendSegment" {
		return fmt.Sprintf("if b, err = appendSegment(b, %q, %s); err != nil {\nreturn nil, err\n}", p.ParamName, text)
	}
	return fmt.Sprintf("b = %s(b, %s)", escape, text)
}

// append returns code that appends a value, or one element of a list.
func (f *parameter) append(p codegen.ParameterDefinition, value, escape string) (string, error) {
	receiver := strings.TrimPrefix(value, "*") // of a method
	number := func(convert, goType, plain, more string) string {
		return fmt.Sprintf("b = strconv.Append%s(b, %s%s)", convert, f.as(goType, value, plain), more)
	}
	switch f.Type + " " + f.Format {
	case "string uuid":
		return fmt.Sprintf("b = appendUUID(b, %s)", value), nil
	case "string date":
		return fmt.Sprintf("b = %s.AppendFormat(b, time.DateOnly)", receiver), nil
	case "string date-time":
		return appended(escape, p, receiver+".Format(time.RFC3339Nano)"), nil
	case "string byte":
		return appended(escape, p, "base64.StdEncoding.EncodeToString("+value+")"), nil
	case "string binary":
		return "", errors.New("a file cannot be written")
	case "number double":
		return number("Float", "float64", "double", ", 'f', -1, 64"), nil
	}
	switch {
	case f.Type == "string":
		return appended(escape, p, f.as("string", value, "")), nil
	case f.Type == "integer" && strings.HasPrefix(f.Format, "uint"):
		return number("Uint", "uint64", "uint64", ", 10"), nil
	case f.Type == "integer":
		return number("Int", "int64", "int64", ", 10"), nil
	case f.Type == "number":
		return number("Float", "float64", "double", ", 'f', -1, 32"), nil
	case f.Type == "boolean":
		return number("Bool", "bool", "", ""), nil
	}
	return "", fmt.Errorf("a value of type [%s] and format %q cannot be written", f.Type, f.Format)
}

// as returns a value converted to a Go type. It needs no conversion if its format is plain and it is not an enum.
func (f *parameter) as(goType, value, plain string) string {
	return converted(goType, value, f.Format == plain && len(f.Enum) == 0)
}

func converted(goType, value string, already bool) string {
	if already {
		return value
	}
	return goType + "(" + value + ")"
}

// check writes code that checks the bounds of the document, and that required values are present. It does not check
// enums, because a server may know other values.
func (f *parameter) check(c *code, field string, needed bool) {
	refuse := func(condition, must, shown string) {
		c.line("if %s {\nreturn nil, &RequestError{Parameter: %q, Must: %q%s}\n}", condition, f.Name, must, shown)
	}
	switch {
	case f.In == "path":
		return
	case !needed || !f.Required || f.Type != "string":
	case f.Format == "uuid":
		refuse(field+" == ([16]byte{})", "be given", "")
	case !strings.HasPrefix(f.Format, "date") && f.Format != "byte":
		refuse(field+` == ""`, "be given", "")
	}
	measure, unit := "", ""
	switch {
	case f.Type == "integer":
		measure = f.as("int64", field, "int64")
	case f.Type == "number":
		measure = f.as("float64", field, "double")
	case f.Type == "string" && f.Format == "":
		measure, unit = "utf8.RuneCountInString("+f.as("string", field, "")+")", " characters"
	}
	if outside := f.outside(measure); measure != "" && len(outside) > 0 {
		must := "be from " + f.Minimum + " to " + f.Maximum + unit
		switch {
		case f.Maximum == "":
			must = "be " + f.Minimum + unit + " or more"
		case f.Minimum == "":
			must = "be at most " + f.Maximum + unit
		}
		refuse(strings.Join(outside, " || "), must, ", Value: fmt.Sprint("+field+")")
	}
}

// success is a documented success response. Its status is "2XX" if any success status is allowed.
type success struct {
	Status string
	Type   string // "" if the body is empty, "[]byte" if it is not JSON
	JSON   bool
	Field  string
}

// Code returns the status as a number, or 2 for "2XX".
func (s success) Code() string { return strings.TrimSuffix(s.Status, "XX") }

// successes returns the documented success responses. If only one has a body, its field is Body.
func successes(op codegen.OperationDefinition) (all []success) {
	bodies := 0
	for _, r := range op.Responses {
		if !strings.HasPrefix(r.StatusCode, "2") {
			continue
		}
		s := success{Status: strings.ToUpper(r.StatusCode)}
		if len(r.Contents) > 0 {
			s.Type = "[]byte"
			bodies++
		}
		if i := slices.IndexFunc(r.Contents, func(c codegen.ResponseContentDefinition) bool { return c.IsJSON() }); i >= 0 {
			s.Type, s.JSON = r.Contents[i].Schema.TypeDecl(), true
		}
		all = append(all, s)
	}
	for i := range all {
		switch {
		case all[i].Type == "":
		case bodies == 1:
			all[i].Field = "Body"
		default:
			all[i].Field, all[i].Type = "Body"+all[i].Status, "*"+all[i].Type
		}
	}
	return all
}

// errorCode returns the Go type of the code in a failure, which is the property Code of the property Error.
func errorCode(operations []codegen.OperationDefinition) (string, error) {
	for _, op := range operations {
		r := op.Spec.Responses.Default()
		if r == nil || r.Value == nil {
			continue
		}
		for _, content := range r.Value.Content {
			detail := property(content.Schema, "Error")
			if code := property(detail, "Code"); code != nil && code.Ref != "" {
				return codegen.RefPathToGoType(code.Ref)
			}
		}
	}
	return "string", nil
}

func property(of *openapi3.SchemaRef, name string) *openapi3.SchemaRef {
	if of == nil || of.Value == nil {
		return nil
	}
	return of.Value.Properties[name]
}

// example is a call of an operation with the examples of the document.
type example struct {
	Arguments string // arguments of the call
	Request   string // the request sent: method and URL
	Status    string
	Answer    string
	Runs      bool // the document has an answer, so the example can run
}

// example returns nil if the document has no example of a required value.
func (d builders) example(op codegen.OperationDefinition) *example {
	if op.HasBody() || len(op.HeaderParams)+len(op.CookieParams) > 0 || len(successes(op)) == 0 {
		return nil
	}
	first := successes(op)[0]
	e := &example{Request: op.Method + " " + op.Path, Status: strings.ReplaceAll(first.Status, "XX", "00")}
	literal := func(p codegen.ParameterDefinition) (text, value string, ok bool) {
		if p.Spec.Schema == nil {
			return "", "", false
		}
		schema := p.Spec.Schema.Value
		switch v := p.Spec.Example.(type) {
		case string:
			if schema.Type.Is("string") && schema.Format == "uuid" {
				return v, fmt.Sprintf("uuid.MustParse(%q)", v), true
			}
			return v, strconv.Quote(v), schema.Type.Is("string") && schema.Format == ""
		case bool, float64:
			text := fmt.Sprint(v)
			return text, text, true
		}
		return "", "", false
	}
	for _, p := range op.PathParams {
		text, value, ok := literal(p)
		if !ok {
			return nil
		}
		e.Request = strings.ReplaceAll(e.Request, "{"+p.ParamName+"}", url.PathEscape(text))
		e.Arguments += ", " + value
	}
	mark := "?"
	if op.RequiresParamObject() {
		e.Arguments += fmt.Sprintf(", generated.%sParams{\n", op.OperationId)
		for _, p := range op.QueryParams {
			if !p.Required {
				continue
			}
			text, value, ok := literal(p)
			switch fallback, _ := d.fact(op, p).fallback(); {
			case fallback != "":
				text = fallback
			case !ok:
				return nil
			default:
				e.Arguments += fmt.Sprintf("%s: %s,\n", p.GoName(), value)
			}
			e.Request += mark + url.QueryEscape(p.ParamName) + "=" + url.QueryEscape(text)
			mark = "&"
		}
		e.Arguments += "}"
	}
	for _, content := range op.Spec.Responses.Value(first.Status).Value.Content {
		for _, name := range codegen.SortedMapKeys(content.Examples) {
			text, _ := json.Marshal(content.Examples[name].Value.Value)
			e.Answer = string(text)
		}
	}
	e.Runs = e.Answer != "" || first.Type == ""
	return e
}
