// Package papers tests the documents of the repository: links and names are valid, pictures match the
// code, and the code blocks of the README run. It has tests only.
package papers
