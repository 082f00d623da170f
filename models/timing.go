// Package models holds the numbers that the machine takes as given: the cost of
// instructions, and the times of devices. They are fixed before anything is
// measured; each figure has its source beside it, and an estimate says so.
package models

import (
	"fmt"
	"reflect"

	"resvirt/sim"
)

// Semantics names the version of the machine's behaviour. A stored result can
// be replayed only by the semantics that it was computed with; increment it
// with every change of what the machine computes, or when.
const Semantics = 4

// Class is a group of instructions, or of events inside one, with one price.
// The processor maps each operation to a class.
type Class uint8

// Timing holds all times that depend on the machine's hardware.
type Timing struct {
	// Cost is the time by class. It is charged once per retired instruction for
	// its own class, and once per event for the classes that describe events.
	Cost [NumClasses]sim.Time

	TSCPeriod     sim.Time // of one count of the time-stamp counter and one unhalted cycle
	APICBusPeriod sim.Time // of one count of the APIC timer at divide-by-one
	IPILatency    sim.Time // from the write to the command register to acceptance by the target
	SIPILatency   sim.Time // from INIT to readiness for the start-up IPI and from that to the first instruction

	DMALatency    sim.Time // from a write to a doorbell until the device has read memory
	DiskReady     sim.Time // from enabling the controller until it is ready
	DiskLatency   sim.Time // of a command that finds the disk idle, besides its bytes
	DiskCommand   sim.Time // that the disk is busy with a command, besides its bytes
	DiskReadByte  sim.Time // that it is busy with a byte read
	DiskWriteByte sim.Time // that it is busy with a byte written
	LinkUp        sim.Time // from the reset of a network controller until its link is up
	WireByte      sim.Time // that a byte occupies the wire
	WireLatency   sim.Time // from the last bit of an Ethernet frame at one end to its arrival at the other
	RemoteLatency sim.Time // that the modelled remote host takes to answer
}

// DefaultTiming is a 2 GHz processor of AMD's K8 kind.
func DefaultTiming() Timing {
	return Timing{
		Cost:          defaultCost(),
		TSCPeriod:     cycle,
		APICBusPeriod: sim.Nanosecond,       // 1 GHz HyperTransport reference; a common value of its day
		IPILatency:    sim.Microsecond,      // estimate: measured round trips are one to two thousand cycles
		SIPILatency:   10 * sim.Microsecond, // estimate; Intel's MP specification, B.4, waits 10 ms and 200 µs, scaled as the VMM's clock is

		DMALatency:    550 * sim.Nanosecond, // Neugebauer et al., "Understanding PCIe performance for end host networking", SIGCOMM 2018: 64 bytes, median
		DiskReady:     sim.Millisecond,      // estimate: drives take up to seconds after power-on; scaled
		DiskLatency:   20 * sim.Microsecond, // Intel SSD DC P3700 product specification (330566): 20 µs, reads and writes
		DiskCommand:   711 * sim.Nanosecond, // same: 460,000 random reads of 4 KiB a second, less the time of their bytes
		DiskReadByte:  357 * sim.Picosecond, // same: 2800 MB/s
		DiskWriteByte: 500 * sim.Picosecond, // same: 2000 MB/s
		LinkUp:        sim.Millisecond,      // estimate: IEEE 802.3, clause 28, needs one to three seconds; scaled
		WireByte:      8 * sim.Nanosecond,   // 1 Gbit/s (IEEE 802.3, clause 40)
		WireLatency:   500 * sim.Nanosecond, // 100 m of cable at 5 ns/m
		RemoteLatency: 20 * sim.Microsecond, // estimate: a round trip between two idle hosts takes some tens of microseconds
	}
}

// Validate reports the first figure that the machine cannot work with.
func (t *Timing) Validate() error {
	for c, cost := range t.Cost {
		if cost <= 0 {
			return fmt.Errorf("models: cost of class %s is %v: it must be above zero, or a loop of it would stop time", Class(c), cost)
		}
	}
	v := reflect.ValueOf(t).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.CanInt() && f.Int() <= 0 {
			return fmt.Errorf("models: %s is %v: it must be above zero", v.Type().Field(i).Name, sim.Time(f.Int()))
		}
	}
	return nil
}

// Digest identifies the figures and the semantics version, for the identity of
// a campaign.
func (t *Timing) Digest() sim.Digest {
	var h sim.Hasher
	h.Uint64(Semantics)
	for _, cost := range t.Cost {
		h.Uint64(uint64(cost))
	}
	v := reflect.ValueOf(t).Elem()
	for i := range v.NumField() {
		if v.Field(i).CanInt() {
			h.Bytes([]byte(v.Type().Field(i).Name))
			h.Uint64(uint64(v.Field(i).Int()))
		}
	}
	return h.Sum()
}
