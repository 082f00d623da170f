package testbed

import (
	"encoding/binary"

	"resvirt/experiments"
	"resvirt/vi/image"
	"resvirt/vi/inspect"
)

// counters knows the places of the VMM's counters by which a golden run is
// judged.
type counters struct {
	at, row                              uint64 // virtual address of the first CPU's, and their distance
	ticks, switches, periods, hypercalls uint64 // which of a CPU's counters
}

func newCounters(vmm *image.Image) (c counters, err error) {
	v, err := inspect.Open(vmm)
	if err != nil {
		return c, err
	}
	f := finder{view: v, image: vmm}
	stats := f.variable("main.stats", "")
	row, err := stats.Index(0)
	f.keep(err)
	if f.err != nil {
		return c, f.err
	}
	c = counters{
		at: stats.Addr, row: uint64(row.Size()),
		ticks: f.constant("main.statTicks"), switches: f.constant("main.statSwitches"),
		periods: f.constant("main.statWatchdog"), hypercalls: f.constant("main.statHypercalls"),
	}
	return c, f.err
}

// of reads the counters of a CPU, zeros if there is nothing at their place.
func (c *counters) of(h *Hardware, cpu int) experiments.CPUCounter {
	read := func(which uint64) uint64 {
		var b [8]byte
		if h.ReadVirt(0, c.at+uint64(cpu)*c.row+8*which, b[:]) != nil {
			return 0
		}
		return binary.LittleEndian.Uint64(b[:])
	}
	return experiments.CPUCounter{Ticks: read(c.ticks), Switches: read(c.switches), Periods: read(c.periods), Hypercalls: read(c.hypercalls)}
}
