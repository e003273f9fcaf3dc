package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
)

// A mutant is one change of one file: the bytes from start to end become to.
type mutant struct {
	file       string // its path
	pos        token.Position
	start, end int
	from, to   string
	in         span   // the innermost function around it; zero outside of functions
	function   string // the declaration around it, "Type.Method" for methods
}

// A span is a piece of a file, by line and column as the cover tool counts them.
type span struct{ line, col, endLine, endCol int }

func (s span) contains(line, col int) bool {
	return (s.line < line || s.line == line && s.col <= col) && (line < s.endLine || line == s.endLine && col < s.endCol)
}

// comparisons are what each operator becomes: its negation, and its neighbor at the bound.
var comparisons = map[token.Token][]token.Token{
	token.EQL:  {token.NEQ},
	token.NEQ:  {token.EQL},
	token.LSS:  {token.LEQ, token.GEQ},
	token.LEQ:  {token.LSS, token.GTR},
	token.GTR:  {token.GEQ, token.LEQ},
	token.GEQ:  {token.GTR, token.LSS},
	token.LAND: {token.LOR},
	token.LOR:  {token.LAND},
}

// mutants lists the mutants of a file in the order of their positions:
//
//   - a comparison, && or || becomes another one,
//   - a condition that is neither is negated,
//   - an assignment evaluates its right side and stores nothing,
//   - ++ becomes --, and -- becomes ++.
//
// The post statement of a for loop stays: without it the loop does not end, which says
// nothing about the tests and takes a time-out to find out.
func mutants(path string) ([]mutant, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, src, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return nil, err
	}
	if ast.IsGenerated(file) {
		return nil, nil
	}
	f := &finder{path: path, src: src, files: files, posts: make(map[ast.Stmt]bool)}
	ast.PreorderStack(file, nil, func(n ast.Node, stack []ast.Node) bool {
		f.visit(n, stack)
		return true
	})
	return f.found, nil
}

type finder struct {
	path  string
	src   []byte
	files *token.FileSet
	posts map[ast.Stmt]bool // post statements of loops
	found []mutant
}

func (f *finder) visit(n ast.Node, stack []ast.Node) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		for _, op := range comparisons[n.Op] {
			f.add(stack, n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), op.String())
		}
		if n.Op == token.LAND || n.Op == token.LOR {
			f.negate(stack, n.X)
			f.negate(stack, n.Y)
		}
	case *ast.IfStmt:
		f.negate(stack, n.Cond)
	case *ast.ForStmt:
		f.posts[n.Post] = true
		if n.Cond != nil {
			f.negate(stack, n.Cond)
		}
	case *ast.SwitchStmt:
		if n.Tag != nil {
			break
		}
		for _, clause := range n.Body.List {
			for _, cond := range clause.(*ast.CaseClause).List {
				f.negate(append(stack, n), cond)
			}
		}
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE && !f.posts[n] && !allBlank(n.Lhs) {
			f.add(stack, n.Pos(), n.End(), f.evaluateOnly(n))
		}
	case *ast.IncDecStmt:
		if !f.posts[n] {
			to := map[token.Token]string{token.INC: "--", token.DEC: "++"}[n.Tok]
			f.add(stack, n.TokPos, n.End(), to)
		}
	}
}

// negate adds the negation of a condition whose operator has no mutant.
func (f *finder) negate(stack []ast.Node, cond ast.Expr) {
	switch c := ast.Unparen(cond).(type) {
	case *ast.BinaryExpr:
		return
	case *ast.UnaryExpr:
		if c.Op == token.NOT {
			f.add(stack, cond.Pos(), cond.End(), "("+f.text(c.X)+")")
			return
		}
	}
	f.add(stack, cond.Pos(), cond.End(), "!("+f.text(cond)+")")
}

// evaluateOnly is an assignment without its effect. What is on the right is still used, so
// that the mutant compiles.
func (f *finder) evaluateOnly(n *ast.AssignStmt) string {
	var right []string
	for _, x := range n.Rhs {
		text := f.text(x)
		if text == "nil" { // it has no type of its own
			text = "0"
		}
		right = append(right, text)
	}
	blanks := strings.TrimSuffix(strings.Repeat("_, ", len(n.Lhs)), ", ")
	return blanks + " = " + strings.Join(right, ", ")
}

func allBlank(exprs []ast.Expr) bool {
	for _, x := range exprs {
		if id, ok := x.(*ast.Ident); !ok || id.Name != "_" {
			return false
		}
	}
	return true
}

func (f *finder) text(n ast.Node) string {
	return string(f.src[f.files.Position(n.Pos()).Offset:f.files.Position(n.End()).Offset])
}

func (f *finder) add(stack []ast.Node, pos, end token.Pos, to string) {
	m := mutant{file: f.path, pos: f.files.Position(pos), end: f.files.Position(end).Offset, to: to}
	m.start = m.pos.Offset
	m.from = string(f.src[m.start:m.end])
	for _, n := range stack {
		switch n := n.(type) {
		case *ast.FuncDecl:
			m.function, m.in = functionName(n), f.span(n.Body)
		case *ast.FuncLit:
			m.in = f.span(n.Body)
		}
	}
	f.found = append(f.found, m)
}

func (f *finder) span(n ast.Node) span {
	from, to := f.files.Position(n.Pos()), f.files.Position(n.End())
	return span{from.Line, from.Column, to.Line, to.Column}
}

func functionName(n *ast.FuncDecl) string {
	if n.Recv == nil {
		return n.Name.Name
	}
	receiver := n.Recv.List[0].Type
	for {
		switch t := receiver.(type) {
		case *ast.StarExpr:
			receiver = t.X
		case *ast.IndexExpr:
			receiver = t.X
		case *ast.IndexListExpr:
			receiver = t.X
		default:
			return fmt.Sprintf("%s.%s", t, n.Name.Name)
		}
	}
}

// String is the change on one line.
func (m mutant) String() string {
	return fmt.Sprintf("%s -> %s", oneLine(m.from), oneLine(m.to))
}

func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 60 {
		text = text[:57] + "..."
	}
	return text
}
