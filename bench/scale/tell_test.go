package scale

import (
	"fmt"

	"github.com/sfcancel/sfcancel/internal/abuse"
)

// tell prints what "make abuse" looks for.
func tell(name string, figures ...abuse.Figure) {
	line, _ := abuse.Line(name, figures...)
	fmt.Println(line)
}
