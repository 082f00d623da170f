package cli

import (
	"fmt"
	"io"
	"time"

	"resvirt/hw/machine"
	"resvirt/models"
)

// printStats tells what was executed and how fast.
func printStats(w io.Writer, m *machine.Machine, took time.Duration) {
	n := m.Position()
	fmt.Fprintf(w, "%d instructions in %v of virtual time; %.1f s of the host's, %.1f MIPS\n", n, m.Now(), took.Seconds(), float64(n)/1e6/max(took.Seconds(), 1e-9))
	counts := m.Classes()
	for c := range models.Class(models.NumClasses) {
		if counts[c] > 0 {
			fmt.Fprintf(w, "  %-14s %12d  %5.1f %%\n", c, counts[c], 100*float64(counts[c])/float64(max(n, 1)))
		}
	}
}
