package main

import (
	"sync/atomic"

	"resvirt/vi/bare"
)

// The local APIC, reached through its registers in memory (AMD APM vol. 2,
// 16.3). It is mapped in the hypervisor's slots, uncached.
const (
	apicBase = 0xffff82d03ff00000 // virtual
	apicPhys = 0xfee00000

	apicID      = 0x020
	apicTPR     = 0x080
	apicEOI     = 0x0b0
	apicSVR     = 0x0f0
	apicISR     = 0x100
	apicIRR     = 0x200
	apicESR     = 0x280
	apicICRLo   = 0x300
	apicICRHi   = 0x310
	apicLVTT    = 0x320
	apicLVTPC   = 0x340
	apicLVT0    = 0x350
	apicLVT1    = 0x360
	apicLVTErr  = 0x370
	apicTMICT   = 0x380
	apicTMCCT   = 0x390
	apicTDCR    = 0x3e0
	apicMasked  = 1 << 16
	apicEnable  = 1 << 8
	icrPending  = 1 << 12
	icrAssert   = 1 << 14
	icrNMI      = 4 << 8
	icrINIT     = 5 << 8
	icrSIPI     = 6 << 8
	lvtNMI      = 4 << 8
	vectorError = 0xfe
	vectorSpur  = 0xff
)

func apicRead(reg uint64) uint32 { return atomic.LoadUint32((*uint32)(ptr(apicBase + reg))) }

// apicWrite must be a plain store: registers do not take locked operations.
func apicWrite(reg uint64, v uint32) { *(*uint32)(ptr(apicBase + reg)) = v }

// apicInit brings this CPU's APIC into the state that the VMM runs with: all
// local sources masked, all priorities accepted, timer one-shot divided by one.
func apicInit() {
	apicWrite(apicSVR, apicEnable|vectorSpur)
	apicWrite(apicLVTT, apicMasked|vectorTimer)
	apicWrite(apicLVTPC, apicMasked)
	apicWrite(apicLVT0, apicMasked)
	apicWrite(apicLVT1, apicMasked)
	apicWrite(apicLVTErr, vectorError)
	apicWrite(apicESR, 0)
	apicWrite(apicTPR, 0)
	apicWrite(apicTDCR, 0xb)
	apicWrite(apicTMICT, 0)
	apicWrite(apicLVTT, vectorTimer)
}

// apicEndOfInterrupt acknowledges the interrupt of highest priority in service.
func apicEndOfInterrupt() { apicWrite(apicEOI, 0) }

// apicSetTimer arms the one-shot timer; zero stops it.
func apicSetTimer(ticks uint32) { apicWrite(apicTMICT, ticks) }

// apicSend writes the interrupt command register. Two writes make one send. An
// interrupt handler that sends between them would change the destination, so
// interrupts are off; NMI handlers must not send.
func apicSend(dest, command uint32) {
	flags := bare.IRQSave()
	for apicRead(apicICRLo)&icrPending != 0 {
		bare.Pause()
	}
	apicWrite(apicICRHi, dest<<24)
	apicWrite(apicICRLo, command)
	bare.IRQRestore(flags)
}

// sendIPI interrupts a CPU by number.
func sendIPI(cpu uint32, vector uint8) {
	if native {
		interruptInTest(cpuByID(cpu), vector)
		return
	}
	apicSend(cpuByID(cpu).APICID, icrAssert|uint32(vector))
}

// sendNMI interrupts a CPU even where it has interrupts masked.
func sendNMI(cpu uint32) { apicSend(cpuByID(cpu).APICID, icrAssert|icrNMI) }
