package main

import (
	"fmt"
	"html"
	"math"
	"strings"
	"text/template"
)

// bar is the line of one goal in the chart.
type bar struct {
	Name, Value      string
	Y, X, Width      float64 // of the bar, which begins at the limit
	From, To, Middle float64 // of the line from the minimum to the maximum
	Fill             string
}

// The dimensions of the chart.
const (
	barHeight = 18.0
	nameWidth = 250.0
	plotWidth = 520.0
	textWidth = 130.0
	chartTop  = 58.0
)

// chart returns the text of results.svg: each goal as a bar from its limit to the measured ratio, on a logarithmic
// scale. A goal is met if its bar lies to the left of the limit.
func chart(all []result) string {
	type point struct {
		name, value      string
		of, least, great float64 // of the limit
		ok               bool
	}
	var points []point
	low, high := 0.5, 2.0
	for _, r := range all {
		for _, v := range r.verdicts {
			p := point{name: v.name, ok: v.ok}
			switch {
			case v.err != nil:
				p.value = "not measured"
			case v.base != "":
				p.of, p.least, p.great = v.ratio.median/v.limit, v.ratio.min/v.limit, v.ratio.max/v.limit
				p.value = fmt.Sprintf("%.2f of %.2f", v.ratio.median, v.limit)
			case v.most.bytes > 0:
				p.of = float64(v.cost.bytes) / float64(v.most.bytes)
				p.least, p.great = p.of, p.of
				p.value = fmt.Sprintf("%d of %d KiB", v.cost.bytes>>10, v.most.bytes>>10)
			}
			if p.of > 0 {
				low, high = min(low, p.least), max(high, p.great)
			}
			points = append(points, p)
		}
	}
	low, high = math.Floor(math.Log2(low)), math.Ceil(math.Log2(high))
	at := func(of float64) float64 { return nameWidth + plotWidth*(math.Log2(of)-low)/(high-low) }
	chart := struct {
		Width, Height, Limit, Top, Bottom, Names, Values float64
		Bars, Ticks                                      []bar
	}{
		Width: nameWidth + plotWidth + textWidth, Top: chartTop, Limit: at(1),
		Names: nameWidth - 10, Values: nameWidth + plotWidth + 10,
	}
	for i, p := range points {
		b := bar{Name: html.EscapeString(p.name), Value: p.value, Y: chartTop + 4 + float64(i)*barHeight, Fill: "#2e7d32"}
		b.Middle = b.Y + (barHeight-6)/2
		if !p.ok {
			b.Fill = "#c62828"
		}
		if p.of > 0 {
			x := at(p.of)
			b.X, b.Width = min(x, chart.Limit), max(math.Abs(x-chart.Limit), 1)
			b.From, b.To = at(p.least), at(p.great)
		}
		chart.Bars = append(chart.Bars, b)
	}
	chart.Bottom = chartTop + 4 + float64(len(points))*barHeight
	chart.Height = chart.Bottom + 12
	step := max(1, math.Round((high-low)/10))
	for e := math.Ceil(low/step) * step; e <= high; e += step {
		name := fmt.Sprintf("%g", math.Exp2(e))
		if e < 0 {
			name = fmt.Sprintf("1/%g", math.Exp2(-e))
		}
		chart.Ticks = append(chart.Ticks, bar{Name: name, X: at(math.Exp2(e))})
	}
	var out strings.Builder
	if err := svg.Execute(&out, chart); err != nil {
		panic(err) // the template and its data are both in this file
	}
	return out.String()
}

var svg = template.Must(template.New("svg").Parse(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{printf "%.0f" .Width}} {{printf "%.0f" .Height}}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="10" y="20" font-size="14">Measured value divided by the limit of the goal; left of 1 the goal is met</text>
{{$c := . -}}
{{range .Ticks -}}
<line x1="{{printf "%.1f" .X}}" x2="{{printf "%.1f" .X}}" y1="{{printf "%.0f" $c.Top}}" y2="{{printf "%.0f" $c.Bottom}}" stroke="#ddd"/><text x="{{printf "%.1f" .X}}" y="{{printf "%.0f" $c.Top}}" dy="-6" text-anchor="middle">{{.Name}}</text>
{{end -}}
{{range .Bars -}}
<text x="{{printf "%.0f" $c.Names}}" y="{{printf "%.1f" .Middle}}" dy="4" text-anchor="end">{{.Name}}</text><rect x="{{printf "%.1f" .X}}" y="{{printf "%.1f" .Y}}" width="{{printf "%.1f" .Width}}" height="12" fill="{{.Fill}}"/><line x1="{{printf "%.1f" .From}}" x2="{{printf "%.1f" .To}}" y1="{{printf "%.1f" .Middle}}" y2="{{printf "%.1f" .Middle}}" stroke="#000" stroke-opacity=".5"/><text x="{{printf "%.0f" $c.Values}}" y="{{printf "%.1f" .Middle}}" dy="4">{{.Value}}</text>
{{end -}}
<line x1="{{printf "%.1f" .Limit}}" x2="{{printf "%.1f" .Limit}}" y1="{{printf "%.0f" .Top}}" y2="{{printf "%.0f" .Bottom}}" stroke="#000"/>
</svg>
`))
