// Package papers holds the documents of the repository to what they say: links and names lead somewhere,
// pictures show what is, and the blocks of the README run as they stand. It has tests only.
package papers
