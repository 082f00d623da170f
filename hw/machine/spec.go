// Package machine is the whole simulated computer: processors, local APICs,
// RAM, the devices, and the order in which they act. It is deterministic:
// the same image runs through the same states whatever the host does, and
// however a run is cut into pieces by the bounds given to Run.
package machine

import (
	"fmt"

	"resvirt/hw/mem"
	"resvirt/models"
	"resvirt/sim"
)

// SemanticsVersion is incremented whenever a change can alter the course of a
// run.
const SemanticsVersion = models.Semantics

// MaxCPUs is the largest number of processors. The APIC's flat logical mode can
// reach only eight; its other modes reach all.
const MaxCPUs = 16

// Spec says what machine to build. It is immutable configuration, no state.
type Spec struct {
	CPUs     int
	MemBytes uint64        // RAM from physical address 0
	Quantum  sim.Time      // longest turn of a processor
	Models   models.Timing // what everything costs
	Seed     uint64        // of the numbers that RDRAND gives
	Engine   Engine        // nil means Plain; all come to the same states

	ROM []byte // image in which the boot processor begins, see rom.go; nil for none. It is not changed

	// Scope says which instructions Scoped and Until.Scoped count: those that begin at one
	// of the privilege levels, a bit each, that it gives for the address space which a
	// processor has just loaded. It is asked once for each load of CR3, and at power-on for
	// 0, and may look at the machine but not change it. nil: those at level 0 anywhere.
	Scope func(m *Machine, cpu int, cr3 uint64) (levels uint8)

	TestDevice bool // QEMU's pc-testdev is there, see dev.TestDevice

	Devices // on the PCI bus
}

// DefaultSpec is two processors with 64 MiB.
func DefaultSpec() Spec {
	return Spec{
		CPUs:     2,
		MemBytes: 64 << 20,
		Quantum:  500 * sim.Nanosecond,
		Models:   models.DefaultTiming(),
		Engine:   Fast{},
	}
}

// Validate reports the first setting that no machine can have.
func (s *Spec) Validate() error {
	switch {
	case s.CPUs < 1 || s.CPUs > MaxCPUs:
		return fmt.Errorf("machine: %d CPUs: choose 1 to %d", s.CPUs, MaxCPUs)
	case s.MemBytes < 4<<20 || s.MemBytes%mem.PageSize != 0 || s.MemBytes > mem.MaxBytes:
		return fmt.Errorf("machine: %d bytes of RAM: choose a multiple of %d from 4 MiB to %d", s.MemBytes, mem.PageSize, uint64(mem.MaxBytes))
	case s.Quantum <= 0 || s.Quantum > sim.Microsecond:
		return fmt.Errorf("machine: quantum %v: choose above 0 and up to 1 µs", s.Quantum)
	case s.Quantum > s.Models.IPILatency:
		return fmt.Errorf("machine: quantum %v is longer than the IPI latency %v: an IPI would arrive in its target's past", s.Quantum, s.Models.IPILatency)
	}
	if s.ROM != nil {
		if err := validateROM(s.ROM); err != nil {
			return err
		}
	}
	if err := s.Devices.Validate(); err != nil {
		return err
	}
	return s.Models.Validate()
}
