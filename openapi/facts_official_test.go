package openapi_test

// notCompared are the keys of the official contract that bind nobody on the wire, with the reason for each.
var notCompared = map[string]string{
	"swagger":                 "the format of the file",
	"x-ms-parameter-location": "tells a generator of clients where a method takes the argument",
	"x-ms-skip-url-encoding":  "tells a generator of clients to write the text into the path as it is",
	"x-ms-enum":               "names the enum, which is read where it matters; the values are those of enum again",
}

// officialFacts reads a contract in the format Swagger 2.0.
func officialFacts(doc object) facts {
	f := facts{}
	var media []string
	for _, m := range doc["produces"].([]any) {
		media = append(media, text(m))
	}
	parameters := doc["parameters"].(object)
	for route, item := range doc["paths"].(object) {
		for verb, o := range item.(object) {
			operation := compared(o.(object))
			key := f.operation(route, verb, operation)
			for _, p := range operation["parameters"].([]any) {
				parameter := resolve(p.(object), parameters)
				f.parameter(key, parameter, without(compared(parameter), "name", "in", "required"))
			}
			for status, r := range operation["responses"].(object) {
				schema, _ := r.(object)["schema"].(object)
				f.response(key, status, media, schema)
			}
		}
	}
	for _, p := range parameters {
		// Where OpenAPI 3.0 has a definition for the enum of a parameter, Swagger 2.0 only has a name for it.
		parameter := p.(object)
		if enum, ok := parameter["x-ms-enum"].(object); ok {
			f.schema("definition/"+text(enum["name"]), object{"type": parameter["type"], "enum": parameter["enum"]})
		}
	}
	for name, d := range doc["definitions"].(object) {
		key := "definition/" + name
		definition := compared(d.(object))
		added, _ := definition["x-added-in-6.2"].([]any)
		for _, value := range added {
			f.add(key+"/enum/"+text(value), later)
		}
		f.schema(key, without(definition, "x-added-in-6.2"))
	}
	for keyword, value := range compared(doc) {
		switch keyword {
		case "produces", "paths", "parameters", "definitions":
		case "schemes":
			for _, scheme := range value.([]any) {
				f.add("server/"+text(scheme)+"://"+text(doc["host"]), listed)
			}
		case "host":
		default:
			f.value(keyword, value)
		}
	}
	return f
}

// compared copies o less what is not compared.
func compared(o object) object {
	rest := object{}
	for key, value := range o {
		if notCompared[key] == "" {
			rest[key] = value
		}
	}
	return rest
}

// resolve follows a reference to one of the named objects.
func resolve(o object, named object) object {
	if ref, ok := o["$ref"]; ok {
		return named[refName(ref)].(object)
	}
	return o
}
