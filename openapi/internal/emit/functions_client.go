package emit

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oapi-codegen/oapi-codegen/v2/pkg/codegen"
)

// clientFunctions are what the templates of requests and clients use beyond those of oapi-codegen. Defaults,
// bounds and examples are those of the document, which Go's overlay may have taken out of the types.
func clientFunctions(document *openapi3.T, operations []codegen.OperationDefinition) template.FuncMap {
	d := builders{document}
	return template.FuncMap{
		"builderArguments": d.arguments,
		"builderNames":     d.names,
		"builderNotes":     d.notes,
		"buildRequest":     d.build,
		"successes":        successes,
		"errorCode":        func() (string, error) { return errorCode(operations) },
		"example":          d.example,
		"summary":          func(op codegen.OperationDefinition) string { return strings.TrimSuffix(oneSpaced(op.Summary), ".") },
	}
}

func oneSpaced(text string) string { return strings.Join(strings.Fields(text), " ") }

// builders writes the code that builds requests.
type builders struct{ document *openapi3.T }

// schema is that of a parameter in the document.
func (d builders) schema(op codegen.OperationDefinition, p codegen.ParameterDefinition) *openapi3.Schema {
	item := d.document.Paths.Value(op.Path)
	for _, all := range []openapi3.Parameters{item.GetOperation(op.Method).Parameters, item.Parameters} {
		if found := all.GetByInAndName(p.In, p.ParamName); found != nil && found.Schema != nil {
			return found.Schema.Value
		}
	}
	return new(openapi3.Schema)
}

// variable is the argument of a path parameter, which must not hide another name of the builder.
func variable(p codegen.ParameterDefinition) string {
	name := p.GoVariableName()
	if slices.Contains([]string{"ctx", "base", "params", "body", "contentType", "b", "c", "r", "a", "v", "i", "err", "path", "room", "response"}, name) {
		return name + "Value"
	}
	return name
}

// jsonBody is the JSON body of an operation; nil if it has none.
func jsonBody(op codegen.OperationDefinition) *codegen.RequestBodyDefinition {
	if i := slices.IndexFunc(op.Bodies, func(b codegen.RequestBodyDefinition) bool { return b.NameTag == "JSON" }); i >= 0 {
		return &op.Bodies[i]
	}
	return nil
}

func (d builders) each(op codegen.OperationDefinition, say func(name, goType string)) {
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
}

func (d builders) arguments(op codegen.OperationDefinition) string {
	var b strings.Builder
	d.each(op, func(name, goType string) { fmt.Fprintf(&b, ", %s %s", name, goType) })
	return b.String()
}

func (d builders) names(op codegen.OperationDefinition) string {
	var b strings.Builder
	d.each(op, func(name, _ string) { b.WriteString(", " + name) })
	return b.String()
}

// notes says in a comment what is sent for a zero value.
func (d builders) notes(op codegen.OperationDefinition) string {
	var all []string
	for _, p := range op.QueryParams {
		if text, zero := d.fallback(op, p); text != "" {
			all = append(all, fmt.Sprintf("Of %s, %s is sent as the default of the document, %s", p.GoName(), zero, text))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "//\n// " + strings.Join(all, ".\n// ") + ".\n"
}

// fallback is the default that stands for the zero value of a required parameter. An optional one is left
// out, and of a boolean false is as good a value as true.
func (d builders) fallback(op codegen.OperationDefinition, p codegen.ParameterDefinition) (text, zero string) {
	if !p.Required || p.In == "path" {
		return "", ""
	}
	switch v := d.schema(op, p).Default.(type) {
	case string:
		return v, `""`
	case float64:
		if v != 0 {
			return strconv.FormatFloat(v, 'f', -1, 64), "0"
		}
	}
	return "", ""
}

// code is Go that is being written.
type code struct{ strings.Builder }

func (c *code) line(format string, args ...any) { fmt.Fprintf(c, format+"\n", args...) }

// build writes the body of a builder: the path and the query in one buffer, then what goes into headers.
func (d builders) build(op codegen.OperationDefinition) (string, error) {
	var c code
	c.line("var room [256]byte")
	c.line("b, err := base.begin(room[:0])")
	c.line("if err != nil {\nreturn nil, err\n}")
	if err := d.path(&c, op); err != nil {
		return "", err
	}
	c.line("path := len(b)")
	for _, p := range op.QueryParams {
		if err := d.parameter(&c, op, p, fmt.Sprintf("b = append(b, %q...)\n", "&"+url.QueryEscape(p.ParamName)+"="), "appendQuery"); err != nil {
			return "", err
		}
	}
	body := "nil"
	switch one := jsonBody(op); {
	case one != nil:
		body = "content"
		c.line("var content io.Reader")
		if !op.BodyRequired {
			c.line("if body != nil {")
		}
		c.line("text, err := json.Marshal(body)\nif err != nil {\nreturn nil, err\n}\ncontent = bytes.NewReader(text)")
		if !op.BodyRequired {
			c.line("}")
		}
	case op.HasBody():
		body = "body"
	}
	if body == "nil" && len(op.HeaderParams)+len(op.CookieParams) == 0 {
		c.line("return base.request(ctx, %q, b, path, nil)", op.Method)
		return c.String(), nil
	}
	c.line("r, err := base.request(ctx, %q, b, path, %s)", op.Method, body)
	c.line("if err != nil {\nreturn nil, err\n}")
	switch one := jsonBody(op); {
	case one != nil && op.BodyRequired:
		c.line("r.Header.Set(%q, %q)", "Content-Type", one.ContentType)
	case one != nil:
		c.line("if body != nil {\nr.Header.Set(%q, %q)\n}", "Content-Type", one.ContentType)
	case op.HasBody():
		c.line("if body != nil {\nr.Header.Set(%q, contentType)\n}", "Content-Type")
	}
	for _, p := range slices.Concat(op.HeaderParams, op.CookieParams) {
		if err := d.parameter(&c, op, p, "b = b[:0]\n", "appendText"); err != nil {
			return "", err
		}
	}
	c.line("return r, nil")
	return c.String(), nil
}

// path writes the path, variable by variable.
func (d builders) path(c *code, op codegen.OperationDefinition) error {
	rest := strings.TrimPrefix(op.Path, "/")
	for rest != "" {
		before, after, variables := strings.Cut(rest, "{")
		if before != "" {
			c.line("b = append(b, %q...)", (&url.URL{Path: before}).EscapedPath())
		}
		if !variables {
			return nil
		}
		name, more, _ := strings.Cut(after, "}")
		rest = more
		i := slices.IndexFunc(op.PathParams, func(p codegen.ParameterDefinition) bool { return p.ParamName == name })
		if i < 0 {
			return fmt.Errorf("%s: the path has no parameter %s", op.OperationId, name)
		}
		if err := d.parameter(c, op, op.PathParams[i], "", "appendSegment"); err != nil {
			return err
		}
	}
	return nil
}

// parameter writes what appends one parameter. before goes in front of each value of it.
func (d builders) parameter(c *code, op codegen.OperationDefinition, p codegen.ParameterDefinition, before, escape string) error {
	field, end := "params."+p.GoName(), ""
	if p.In == "path" {
		field = variable(p)
	}
	switch fallback, zero := d.fallback(op, p); {
	case fallback != "" && p.In == "query":
		c.line("if %s == %s {\nb = append(b, %q...)\n} else {", field, zero, "&"+url.QueryEscape(p.ParamName)+"="+url.QueryEscape(fallback))
		end = "}\n"
	case p.HasOptionalPointer():
		c.line("if %s != nil {", field)
		field, end = "*"+field, "}\n"
	case !p.Required && p.ZeroValueIsNil(): // a list or a map; what else has no pointer is always sent
		c.line("if %s != nil {", field)
		end = "}\n"
	}
	sent := map[string]string{
		"header": fmt.Sprintf("r.Header.Set(%q, string(b))\n", p.ParamName),
		"cookie": fmt.Sprintf("if err := addCookie(r, %q, string(b)); err != nil {\nreturn nil, err\n}\n", p.ParamName),
	}[p.In]
	schema := d.schema(op, p)
	array := p.Spec.Schema != nil && p.Spec.Schema.Value.Type.Is("array")
	switch {
	case p.IsJson():
		c.line("text, err := json.Marshal(%s)\nif err != nil {\nreturn nil, err\n}", field)
		c.line("%s%s", before, appended(escape, p, "string(text)"))
	case p.Spec.Schema == nil:
		return fmt.Errorf("%s: parameter %s: only JSON content can be written", op.OperationId, p.ParamName)
	case !array:
		value, err := valueOf(p, p.Spec.Schema.Value, field, escape)
		if err != nil {
			return fmt.Errorf("%s: parameter %s: %w", op.OperationId, p.ParamName, err)
		}
		check(c, p, schema, field, end == "")
		c.line("%s%s", before, value)
	default:
		item, err := valueOf(p, p.Spec.Schema.Value.Items.Value, "v", escape)
		if err != nil {
			return fmt.Errorf("%s: parameter %s: %w", op.OperationId, p.ParamName, err)
		}
		if p.Required {
			c.line("if len(%s) == 0 {\nreturn nil, &RequestError{Parameter: %q, Must: \"have a value\"}\n}", field, p.ParamName)
		}
		separator := map[string]string{"form": ",", "simple": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}[p.Style()]
		switch {
		case separator == "":
			return fmt.Errorf("%s: parameter %s: the style %s of a list cannot be written", op.OperationId, p.ParamName, p.Style())
		case p.In == "query" && p.Explode():
			c.line("for _, v := range %s {\n%s%s\n}", field, before, item)
		default:
			c.line("%sfor i, v := range %s {\nif i > 0 {\nb = append(b, %q...)\n}\n%s\n}", before, field, separator, item)
		}
	}
	c.WriteString(sent + end)
	return nil
}

// appended writes what appends a text that may hold anything.
func appended(escape string, p codegen.ParameterDefinition, text string) string {
	if escape == "appendSegment" {
		return fmt.Sprintf("if b, err = appendSegment(b, %q, %s); err != nil {\nreturn nil, err\n}", p.ParamName, text)
	}
	return fmt.Sprintf("b = %s(b, %s)", escape, text)
}

// receiver is a value of which a method is called.
func receiver(value string) string { return strings.TrimPrefix(value, "*") }

// valueOf writes what appends a value as its schema has it.
func valueOf(p codegen.ParameterDefinition, schema *openapi3.Schema, value, escape string) (string, error) {
	switch {
	case schema.Type.Is("string") && schema.Format == "uuid":
		return fmt.Sprintf("b = appendUUID(b, %s)", value), nil
	case schema.Type.Is("string") && schema.Format == "date":
		return fmt.Sprintf("b = %s.AppendFormat(b, time.DateOnly)", receiver(value)), nil
	case schema.Type.Is("string") && schema.Format == "date-time":
		return appended(escape, p, receiver(value)+".Format(time.RFC3339Nano)"), nil
	case schema.Type.Is("string") && schema.Format == "byte":
		return appended(escape, p, "base64.StdEncoding.EncodeToString("+value+")"), nil
	case schema.Type.Is("string") && schema.Format != "binary":
		return appended(escape, p, converted("string", value, schema, "")), nil
	case schema.Type.Is("integer") && strings.HasPrefix(schema.Format, "uint"):
		return fmt.Sprintf("b = strconv.AppendUint(b, uint64(%s), 10)", value), nil
	case schema.Type.Is("integer"):
		return fmt.Sprintf("b = strconv.AppendInt(b, %s, 10)", converted("int64", value, schema, "int64")), nil
	case schema.Type.Is("number") && schema.Format == "double":
		return fmt.Sprintf("b = strconv.AppendFloat(b, %s, 'f', -1, 64)", converted("float64", value, schema, "double")), nil
	case schema.Type.Is("number"):
		return fmt.Sprintf("b = strconv.AppendFloat(b, float64(%s), 'f', -1, 32)", value), nil
	case schema.Type.Is("boolean"):
		return fmt.Sprintf("b = strconv.AppendBool(b, %s)", converted("bool", value, schema, "")), nil
	}
	return "", fmt.Errorf("a value of type %v and format %q cannot be written", schema.Type.Slice(), schema.Format)
}

// converted is a value as a Go type, which it is already if its format is plain and it is no enum.
func converted(goType, value string, schema *openapi3.Schema, plain string) string {
	if schema.Format == plain && len(schema.Enum) == 0 {
		return value
	}
	return goType + "(" + value + ")"
}

// check writes the bounds of the document, and that what is required is there. Lists of values are open: a
// server may know others.
func check(c *code, p codegen.ParameterDefinition, schema *openapi3.Schema, field string, needed bool) {
	refuse := func(condition, must, shown string) {
		c.line("if %s {\nreturn nil, &RequestError{Parameter: %q, Must: %q%s}\n}", condition, p.ParamName, must, shown)
	}
	text := p.Spec.Schema.Value.Type.Is("string")
	switch {
	case p.In == "path":
		return
	case needed && p.Required && text && schema.Format == "uuid":
		refuse(fmt.Sprintf("%s == ([16]byte{})", field), "be given", "")
		return
	case needed && p.Required && text && !strings.HasPrefix(schema.Format, "date") && schema.Format != "byte":
		refuse(fmt.Sprintf("%s == \"\"", field), "be given", "")
	}
	least, most, measure, unit := "", "", "", ""
	switch {
	case schema.Type.Is("integer"):
		least, most, measure = boundOf(schema.Min), boundOf(schema.Max), converted("int64", field, schema, "int64")
	case schema.Type.Is("number"):
		least, most, measure = boundOf(schema.Min), boundOf(schema.Max), converted("float64", field, schema, "double")
	case schema.Type.Is("string") && schema.Format == "":
		if schema.MinLength > 0 {
			least = strconv.FormatUint(schema.MinLength, 10)
		}
		if schema.MaxLength != nil {
			most = strconv.FormatUint(*schema.MaxLength, 10)
		}
		measure, unit = "utf8.RuneCountInString("+converted("string", field, schema, "")+")", " characters"
	}
	var outside []string
	if least != "" {
		outside = append(outside, measure+" < "+least)
	}
	if most != "" {
		outside = append(outside, measure+" > "+most)
	}
	if len(outside) > 0 {
		must := "be from " + least + " to " + most + unit
		switch {
		case most == "":
			must = "be " + least + unit + " or more"
		case least == "":
			must = "be at most " + most + unit
		}
		refuse(strings.Join(outside, " || "), must, ", Value: fmt.Sprint("+field+")")
	}
}

func boundOf(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', -1, 64)
}

// success is a documented success: its status, "2XX" for any, and the Go type of its body.
type success struct {
	Status string
	Type   string // "" if the body is empty, "[]byte" if it is not JSON
	JSON   bool
	Field  string
}

// Code is the status as a number, and 2 if it is any success.
func (s success) Code() string { return strings.TrimSuffix(s.Status, "XX") }

// successes are the documented ones. The field of the only body is Body.
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

// errorCode is the Go type of the code in a failure, which is the property Code of the property Error.
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
	Arguments string // of the call
	Request   string // that is sent
	Status    string
	Answer    string
	Runs      bool // there is an answer
}

// example returns nil if the document has no example of something that has to be given.
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
			switch fallback, _ := d.fallback(op, p); {
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
