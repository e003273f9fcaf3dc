package main

import (
	"context"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/sfcancel/sfcancel/internal/plain"
)

// tableWriter is the destination of a table.
type tableWriter = io.Writer

// table writes rows under a header with tabs between its names. It quotes cells that would break
// the table or control a terminal.
func table(w io.Writer, header string, rows [][]string) error {
	return grid{}.write(w, strings.Split(header, "\t"), rows)
}

// tableOn writes a table for the console of a command. The table fits the terminal unless the format is wide.
func tableOn(ctx context.Context, w io.Writer, format, header string, rows [][]string) error {
	c := consoleOf(ctx)
	g := grid{width: c.width, colour: c.colour}
	if format == "wide" {
		g.width = 0
	}
	if g.colour {
		w = c.raw
	}
	return g.write(w, strings.Split(header, "\t"), rows)
}

// grid is how a table is written.
type grid struct {
	width  int // 0 is unlimited
	colour bool
}

// leastCell is the least width of a column that is cut.
const leastCell = 8

func (g grid) write(w io.Writer, header []string, rows [][]string) error {
	all := make([][]string, 0, len(rows)+1)
	all = append(all, header)
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = plain.Line(cell)
		}
		all = append(all, cells)
	}
	widths := g.fit(header, all)
	var b strings.Builder
	for _, cells := range all {
		var line strings.Builder
		for i, width := range widths {
			cell := cut(cells[i], width)
			pad := width - utf8.RuneCountInString(cell) + 2
			if i == len(widths)-1 {
				pad = 0
			}
			line.WriteString(g.paint(cell))
			line.WriteString(strings.Repeat(" ", pad))
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// fit returns the widths of the columns. It leaves out columns at the end that have no room, and may cut the last one.
func (g grid) fit(header []string, all [][]string) (widths []int) {
	used := 0
	for i := range header {
		width := 0
		for _, cells := range all {
			width = max(width, utf8.RuneCountInString(cells[i]))
		}
		if room := g.width - used; g.width > 0 && width > room {
			if room < max(leastCell, len(header[i])) {
				return widths
			}
			return append(widths, room)
		}
		widths, used = append(widths, width), used+width+2
	}
	return widths
}

func cut(cell string, width int) string {
	if utf8.RuneCountInString(cell) <= width {
		return cell
	}
	runes := []rune(cell)
	return string(runes[:max(width-3, 0)]) + "..."
}

// paint gives states their colours.
func (g grid) paint(cell string) string {
	if !g.colour {
		return cell
	}
	colour := ""
	switch cell {
	case "Faulted", "failed":
		colour = "31"
	case "RollingBack":
		colour = "33"
	case "Completed", "Cancelled", "ForceCancelled":
		colour = "32"
	default:
		return cell
	}
	return "\x1b[" + colour + "m" + cell + "\x1b[0m"
}
