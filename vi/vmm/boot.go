package main

import (
	"unsafe"

	"resvirt/vi/bare"
)

// bootInfo is what the loader told, and how much RAM boot code has taken.
var bootInfo struct {
	ramEnd    uint64 // end of RAM that starts at 0
	freeStart uint64 // RAM from here to ramEnd belongs to nobody yet
	heapStart uint64 // begin of the RAM that the page allocator got
	mapped    bool   // the final page tables are in use

	mods    [maxMods]module
	nmods   uint32
	cmdline [cmdlineMax]byte
	cmdlen  uint32
}

const (
	maxMods    = 8
	cmdlineMax = 1024
)

// module is a file that the loader put into memory, at physical addresses.
type module struct{ start, end uint64 }

// multiboot is the loader's information (Multiboot Specification 0.6.96, 3.3).
type multiboot struct {
	flags              uint32
	memLower, memUpper uint32 // KiB
	_                  uint32
	cmdline            uint32
	modsCount, modsAt  uint32
}

// multibootModule is one entry of the list of modules.
type multibootModule struct{ start, end, cmdline, _ uint32 }

// multibootMagic is what the loader leaves in EAX.
const multibootMagic = 0x2badb002

// kmain is the boot CPU's first Go code.
func kmain(magic, info uint64) {
	if magic != multibootMagic {
		halt("not started by a Multiboot loader")
	}
	readMultiboot((*multiboot)(ptr(info)))
	startBootCPU()
	startAll()
	letGo()
}

// startBootCPU takes the boot CPU from the boot page tables to the state in
// which the VMM runs. bootInfo has been filled in.
func startBootCPU() {
	findEntries()
	checkFeatures()
	buildPaging()
	finishPaging()
	initCPU(initBlock(0, 0))
}

// startAll makes the VMM's structures, starts the other CPUs, and builds the
// domains.
func startAll() {
	coreInit()
	coreInitCPU()
	startCPUs()
	coreStart()
}

// letGo ends the boot on all CPUs: they begin to run the domains.
func letGo() {
	releaseCPUs()
	startWatchdog()
	resetStackAndCall(idleLoop)
}

// initCPU puts the calling CPU into the state in which the VMM runs: own
// tables, protection on, local APIC ready.
func initCPU(c *CPU) {
	initTables(c)
	loadTables(c)
	bare.WriteCR4(cr4VMM)
	bare.WriteCR0(cr0VMM)
	disarmDebug()
	apicInit()
}

// Control registers as the VMM runs (AMD APM vol. 2, 3.1).
const (
	cr4PGE = 1 << 7

	cr4FSGSBASE = 1 << 16
	cr0VMM      = 0x80010023                                 // PG WP NE MP PE
	cr4VMM      = 1<<5 | 1<<7 | 1<<9 | 1<<10 | 1<<20 | 1<<21 // PAE PGE OSFXSR OSXMMEXCPT SMEP SMAP
)

// checkFeatures stops the boot on a processor that lacks a feature which
// protects the VMM.
func checkFeatures() {
	_, b, _, _ := bare.CPUID(7, 0)
	if b&(1<<7) == 0 || b&(1<<20) == 0 {
		halt("the processor has no SMEP or no SMAP")
	}
}

// readMultiboot copies what the VMM needs, because the loader's memory is not kept.
func readMultiboot(mb *multiboot) {
	const haveMem, haveCmdline, haveMods = 1, 4, 8
	if mb.flags&haveMem == 0 {
		halt("the loader gives no memory size")
	}
	bi := &bootInfo
	bi.ramEnd = (1<<20 + uint64(mb.memUpper)<<10) &^ (largePage - 1)
	if mb.flags&haveMods != 0 {
		for i := uint32(0); i < mb.modsCount && i < maxMods; i++ {
			m := (*multibootModule)(ptr(uint64(mb.modsAt) + uint64(i)*uint64(unsafe.Sizeof(multibootModule{}))))
			bi.mods[i] = module{uint64(m.start), uint64(m.end)}
			bi.nmods = i + 1
		}
	}
	if mb.flags&haveCmdline != 0 {
		for bi.cmdlen < cmdlineMax {
			b := *(*byte)(ptr(uint64(mb.cmdline) + uint64(bi.cmdlen)))
			if b == 0 {
				break
			}
			bi.cmdline[bi.cmdlen] = b
			bi.cmdlen++
		}
	}
	findFree()
}

// findFree sets where the RAM begins that neither image nor modules take.
func findFree() {
	bi := &bootInfo
	bi.freeStart = bare.Image.End - bare.Image.VirtBase + bare.Image.PhysBase
	for i := uint32(0); i < bi.nmods && i < maxMods; i++ {
		bi.freeStart = max(bi.freeStart, (bi.mods[i].end+pageMask)&^pageMask)
	}
}

// bootOption is the number after name= on the command line, before the word
// "--" that ends the VMM's own options.
func bootOption(name string, def uint64) uint64 {
	bi := &bootInfo
	for i := 0; i < int(bi.cmdlen); {
		end := i
		for end < int(bi.cmdlen) && bi.cmdline[end] != ' ' {
			end++
		}
		word := bi.cmdline[i:end]
		if len(word) == 2 && word[0] == '-' && word[1] == '-' {
			break
		}
		if v, ok := optionValue(word, name); ok {
			return v
		}
		i = end + 1
	}
	return def
}

// optionValue parses word as name=decimal.
func optionValue(word []byte, name string) (v uint64, ok bool) {
	if len(word) <= len(name)+1 || word[len(name)] != '=' {
		return 0, false
	}
	for i := range len(name) {
		if word[i] != name[i] {
			return 0, false
		}
	}
	for _, b := range word[len(name)+1:] {
		if b < '0' || b > '9' {
			return 0, false
		}
		v = v*10 + uint64(b-'0')
	}
	return v, true
}

func main() {}
