package cli

import (
	"strings"
	"testing"
)

// Without a terminal step says so in a line that names what works without one.
func TestStepNeedsATerminal(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"step"}, {"step", "none.db"}, {"step", "none.db", "full/1@D+3"}} {
		got := call(args)
		if !strings.HasPrefix(got, "[stderr]\n") || !strings.HasSuffix(got, "[exit 2]\n\n") || strings.Count(got, "\n") != 4 ||
			!strings.Contains(got, "needs a terminal") || !strings.Contains(got, "`resvirt replay`") {
			t.Errorf("%v: %q", args, got)
		}
	}
	for _, arg := range []string{"full", "full/1@", "full/1@F0", "full/x@F"} {
		if got := call([]string{"step", "none.db", arg}); !strings.HasSuffix(got, "[exit 2]\n\n") || strings.Contains(got, "needs a terminal") {
			t.Errorf("%s: %q", arg, got)
		}
	}
}
