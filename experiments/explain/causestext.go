package explain

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"resvirt/experiments"
)

// JSON writes the causes for programs.
func (c *Causes) JSON(w io.Writer) error {
	return experiments.WriteJSON(w, c)
}

// CSV writes a line for each cause.
func (c *Causes) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"setting", "fault", "failed", "runs", "share", "cause", "example", "explanation"}); err != nil {
		return err
	}
	for _, g := range c.Groups {
		for _, r := range g.Causes {
			err := out.Write([]string{g.Setting, g.Fault, fmt.Sprint(g.Runs), fmt.Sprint(r.Runs), fmt.Sprintf("%.4f", r.Share), r.Cause, r.Example, r.Line})
			if err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

// Text writes the causes as a table for each setting and fault type.
func (c *Causes) Text(w io.Writer) error {
	var b strings.Builder
	if len(c.Groups) == 0 {
		b.WriteString("no run failed\n")
	}
	for i, g := range c.Groups {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "setting %s, %s: %s by %s\n", g.Setting, g.Fault, plural(g.Runs, "failed run"), plural(len(g.Causes), "cause"))
		for _, r := range g.Causes {
			fmt.Fprintf(&b, "%7d  %5.1f %%  %s\n", r.Runs, 100*r.Share, r.Cause)
			fmt.Fprintf(&b, "%18s e.g. %s: %s\n", "", r.Example, r.Line)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
