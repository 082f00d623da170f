package main

import "resvirt/vi/bare"

// Messages by which functions interrupt (PCI 3.0, 6.8): the VMM alone writes them, since
// a message is a write to any vector of any CPU (AMD APM vol. 2, 16.11). A function that has
// a message to send, and no other, is enabled: what it would have to say before its owner
// listens is lost, as at a masked pin.

const (
	msiBase = 0xfee00000 // of addresses that local APICs take; the CPU's identifier is in bits 12 to 19

	msiOn     = 1 << 0 // of the control words
	msiWide   = 1 << 7
	msixOn    = 1 << 15
	msixMask  = 1 << 14
	entryMask = 1 // of an entry of the MSI-X table
)

// stopMessages turns MSI and MSI-X off and masks the whole MSI-X table.
func (f *function) stopMessages() {
	if f.msi != 0 {
		at := uint16(f.msi) + 2
		pciWrite(f.devfn, at, 2, pciRead(f.devfn, at, 2)&^msiOn)
	}
	if f.msix != 0 {
		at := uint16(f.msix) + 2
		pciWrite(f.devfn, at, 2, pciRead(f.devfn, at, 2)&^(msixOn|msixMask))
		for i := uint32(0); i < f.msgs; i++ {
			f.writeEntry(i, 3, entryMask)
		}
	}
}

// sendTo makes a function send its MSI to a vector of a CPU, and turns it on.
func (f *function) sendTo(vector uint8, cpu uint32) {
	at := uint16(f.msi)
	control := pciRead(f.devfn, at+2, 2)
	pciWrite(f.devfn, at+2, 2, control&^(msiOn|7<<4))
	to, what := f.message(vector, cpu)
	pciWrite(f.devfn, at+4, 4, to)
	data := at + 8
	if control&msiWide != 0 {
		pciWrite(f.devfn, at+8, 4, 0)
		data += 4
	}
	pciWrite(f.devfn, data, 2, what)
	pciWrite(f.devfn, at+2, 2, control&^(7<<4)|msiOn)
}

// stopMSI turns MSI off.
func (f *function) stopMSI() {
	at := uint16(f.msi) + 2
	pciWrite(f.devfn, at, 2, pciRead(f.devfn, at, 2)&^msiOn)
}

// sendEntryTo does so for an entry of MSI-X.
func (f *function) sendEntryTo(entry uint32, vector uint8, cpu uint32) {
	f.writeEntry(entry, 3, entryMask)
	to, what := f.message(vector, cpu)
	f.writeEntry(entry, 0, to)
	f.writeEntry(entry, 1, 0)
	f.writeEntry(entry, 2, what)
	at := uint16(f.msix) + 2
	pciWrite(f.devfn, at, 2, pciRead(f.devfn, at, 2)&^msixMask|msixOn)
	f.writeEntry(entry, 3, 0)
}

// stopEntry masks an entry. MSI-X stays on, so that the pin stays silent.
func (f *function) stopEntry(entry uint32) { f.writeEntry(entry, 3, entryMask) }

// tableWindow is where the VMM sees a page of an MSI-X table. Each use maps it anew on
// its own CPU, so that no other needs to know.
const tableWindow = ioapicBase + pageSize

// writeEntry writes a word of an entry: address, its upper half, data, control.
func (f *function) writeEntry(entry, word, v uint32) {
	at := f.table + uint64(entry)*16 + uint64(word)*4
	if native {
		testTable(at, v)
		return
	}
	*entryFor(tableWindow, 1) = at&^pageMask | mapDev&^pteG
	bare.Invlpg(tableWindow)
	*(*uint32)(ptr(tableWindow + at&pageMask)) = v // a device register takes no locked operation
}

// testTable is told, in native tests, what is written into MSI-X tables.
var testTable func(at uint64, v uint32)

// inTable says whether a frame holds an MSI-X table or pending bits. Guests may read
// such a frame.
func inTable(m mfn) bool {
	if devices == nil {
		return false
	}
	for i := uint32(0); i < devices.n && i < maxFunctions; i++ {
		f := &devices.functions[i]
		if f.msix == 0 {
			continue
		}
		first, last := mfn(f.table>>pageShift), mfn((f.table+uint64(f.msgs)*16-1)>>pageShift)
		if m >= first && m <= last || m == mfn(f.pba>>pageShift) {
			return true
		}
	}
	return false
}
