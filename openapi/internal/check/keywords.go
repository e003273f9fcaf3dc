package check

// kind lists the keywords that one kind of object may have, with the type of their values:
//
//	text, flag, number, size, any    a scalar; a size is a whole number from 0 on
//	texts                            a list of texts
//	schema                           an object of that kind
//	[]schema, {}schema               a list, and a mapping from names of the document's own
//
// An exclamation mark at the end means that the keyword is required.
type kind map[string]string

// kinds are the objects of OpenAPI 3.0 (https://spec.openapis.org/oas/v3.0.3) and of Overlay 1.0
// (https://spec.openapis.org/overlay/v1.0.0). Mappings whose keys are not keywords, but paths or statuses, are in
// structure.go.
var kinds = map[string]kind{
	"document": {
		"openapi": "text!", "info": "info!", "servers": "[]server", "paths": "paths!", "components": "components",
		"security": "any", "tags": "[]tag", "externalDocs": "link to documents",
	},
	"info": {
		"title": "text!", "description": "text", "termsOfService": "text", "contact": "contact", "license": "license",
		"version": "text!",
	},
	"contact":              {"name": "text", "url": "text", "email": "text"},
	"license":              {"name": "text!", "url": "text"},
	"server":               {"url": "text!", "description": "text", "variables": "{}variable of a server"},
	"variable of a server": {"enum": "texts", "default": "text!", "description": "text"},
	"components": {
		"schemas": "{}schema", "responses": "{}response", "parameters": "{}parameter", "examples": "{}example",
		"requestBodies": "{}request body", "headers": "{}header", "securitySchemes": "{}security scheme",
		"links": "{}link", "callbacks": "{}callback",
	},
	"path": {
		"$ref": "text", "summary": "text", "description": "text", "get": "operation", "put": "operation",
		"post": "operation", "delete": "operation", "options": "operation", "head": "operation", "patch": "operation",
		"trace": "operation", "servers": "[]server", "parameters": "[]parameter",
	},
	"operation": {
		"tags": "texts", "summary": "text", "description": "text", "externalDocs": "link to documents",
		"operationId": "text!", "parameters": "[]parameter", "requestBody": "request body", "responses": "responses!",
		"callbacks": "{}callback", "deprecated": "flag", "security": "any", "servers": "[]server",
	},
	"link to documents": {"description": "text", "url": "text!"},
	"parameter": {
		"name": "text!", "in": "text!", "description": "text", "required": "flag", "deprecated": "flag",
		"allowEmptyValue": "flag", "style": "text", "explode": "flag", "allowReserved": "flag", "schema": "schema",
		"example": "any", "examples": "{}example", "content": "{}media type",
	},
	"header": {
		"description": "text", "required": "flag", "deprecated": "flag", "allowEmptyValue": "flag", "style": "text",
		"explode": "flag", "allowReserved": "flag", "schema": "schema", "example": "any", "examples": "{}example",
		"content": "{}media type",
	},
	"request body": {"description": "text", "content": "{}media type!", "required": "flag"},
	"media type":   {"schema": "schema", "example": "any", "examples": "{}example", "encoding": "{}encoding"},
	"encoding": {
		"contentType": "text", "headers": "{}header", "style": "text", "explode": "flag", "allowReserved": "flag",
	},
	"response": {"description": "text!", "headers": "{}header", "content": "{}media type", "links": "{}link"},
	"example":  {"summary": "text", "description": "text", "value": "any", "externalValue": "text"},
	"link": {
		"operationRef": "text", "operationId": "text", "parameters": "any", "requestBody": "any", "description": "text",
		"server": "server",
	},
	"tag": {"name": "text!", "description": "text", "externalDocs": "link to documents"},
	"security scheme": {
		"type": "text!", "description": "text", "name": "text", "in": "text", "scheme": "text", "bearerFormat": "text",
		"flows": "any", "openIdConnectUrl": "text",
	},
	"schema": {
		"title": "text", "multipleOf": "number", "maximum": "number", "exclusiveMaximum": "flag", "minimum": "number",
		"exclusiveMinimum": "flag", "maxLength": "size", "minLength": "size", "pattern": "text", "maxItems": "size",
		"minItems": "size", "uniqueItems": "flag", "maxProperties": "size", "minProperties": "size", "required": "texts",
		"enum": "any", "type": "text", "allOf": "[]schema", "oneOf": "[]schema", "anyOf": "[]schema", "not": "schema",
		"items": "schema", "properties": "{}schema", "additionalProperties": "schema or flag", "description": "text",
		"format": "text", "default": "any", "nullable": "flag", "discriminator": "discriminator", "readOnly": "flag",
		"writeOnly": "flag", "xml": "any", "externalDocs": "link to documents", "example": "any", "deprecated": "flag",
	},
	"discriminator": {"propertyName": "text!", "mapping": "any"},

	"overlay": {"overlay": "text!", "info": "info!", "extends": "text", "actions": "[]action!"},
	"action":  {"target": "text!", "description": "text", "update": "any", "remove": "flag", "copy": "text"},
}

// sections are the kinds that a reference may stand for, with their section of components.
var sections = map[string]string{
	"schema": "schemas", "response": "responses", "parameter": "parameters", "example": "examples",
	"request body": "requestBodies", "header": "headers", "security scheme": "securitySchemes", "link": "links",
	"callback": "callbacks",
}

// lacks says what to do if a required keyword is missing.
var lacks = map[string]string{
	"operationId": "give it one, which names the method in Go",
	"responses":   "say what it answers",
	"description": "say in a sentence what it means",
	"in":          "say where it is: query, path, header or cookie",
}
