package openapi_test

import "github.com/getkin/kin-openapi/openapi3"

// undeclared lists the members of a JSON value that its schema has no property for.
func undeclared(schema *openapi3.SchemaRef, value any) []string {
	var missing []string
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			missing = append(missing, undeclared(schema.Value.Items, element)...)
		}
	case object:
		for name, member := range value {
			property := schema.Value.Properties[name]
			if property == nil {
				missing = append(missing, name)
				continue
			}
			for _, below := range undeclared(property, member) {
				missing = append(missing, name+"."+below)
			}
		}
	}
	return missing
}
