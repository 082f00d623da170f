package models

import "resvirt/sim"

// BootStep is a part of the time that a reboot of the hypervisor spends on
// hardware, as measured. These are anchors to compare with, not inputs: a
// simulated reboot takes as long as its instructions and device waits take.
type BootStep struct {
	Name string
	Time sim.Time
}

// PublishedReboot lists the hardware initialisation of a rebooting Xen (Zhou
// and Tamir, "Fast Hypervisor Recovery Without Reboot", DSN 2018, table of
// ReHype's latency; 8 cores, 8 GB).
func PublishedReboot() []BootStep {
	return []BootStep{
		{"boot CPU", 12 * sim.Millisecond},
		{"other CPUs", 150 * sim.Millisecond},
		{"local and I/O APICs", 200 * sim.Millisecond},
		{"TSC calibration", 50 * sim.Millisecond},
	}
}

// PublishedFrameCheck is the time to check the descriptor of one page frame: 21
// ms for the 2,097,152 frames of 8 GB (same source).
const PublishedFrameCheck = 10 * sim.Nanosecond
