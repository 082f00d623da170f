package main

// params are what the command line says. The defaults fit a machine with the
// speed of package models, whose clock is scaled as docs/definitions.md says.
var params bootParams

type bootParams struct {
	domains    uint64 // domains=: AppVMs to build
	control    uint64 // control=1: build only the control domain, which builds the AppVMs
	controlMB  uint64 // control_mb=: its memory, MiB
	domMB      uint64 // dom_mb=: their memory, MiB
	vcpus      uint64 // vcpus=: of each domain
	domCPUs    uint64 // dom_cpus=: number of CPUs on which the AppVMs run, 0 = all
	tickNS     int64  // tick_us=: scheduler tick
	watchdogNS int64  // watchdog_us=: period of the watchdog's counter
	calibNS    int64  // calib_us=: period of the clock calibration
	functions  uint64 // functions=: the domain that is given all PCI functions at boot, 0 = none
	iommu      uint64 // iommu=0: leave an IOMMU alone
	secondNS   int64  // second_us=: what a second of a guest's watchdog lasts
	apicHz     uint64 // apic_hz=
	tscHz      uint64 // tsc_hz=
	guest      uint64 // guest=1: one domain, whose console is all that appears on COM1
	guestAt    uint32 // where in bootInfo.cmdline the guests' command line begins
}

func (p *bootParams) sliceNS() int64 { return p.tickNS * ticksPerSlice }

// load reads the command line.
func (p *bootParams) load() {
	p.domains = bootOption("domains", 2)
	p.control = bootOption("control", 0)
	p.controlMB = bootOption("control_mb", 6)
	p.domMB = bootOption("dom_mb", 8)
	p.vcpus = min(max(bootOption("vcpus", 1), 1), maxVCPUs)
	p.domCPUs = bootOption("dom_cpus", 0)
	p.tickNS = int64(bootOption("tick_us", 5)) * 1000
	p.watchdogNS = int64(bootOption("watchdog_us", 150)) * 1000
	p.calibNS = int64(bootOption("calib_us", 100)) * 1000
	p.functions = bootOption("functions", 0)
	p.iommu = bootOption("iommu", 1)
	p.secondNS = int64(bootOption("second_us", 1_000_000)) * 1000
	p.apicHz = bootOption("apic_hz", 1_000_000_000)
	p.tscHz = bootOption("tsc_hz", 2_000_000_000)
	p.guest = bootOption("guest", 0)
	p.guestAt = guestPart(bootInfo.cmdline[:bootInfo.cmdlen])
}

// guestPart finds what follows the word "--".
func guestPart(line []byte) uint32 {
	for i := 0; i+2 < len(line); i++ {
		if (i == 0 || line[i-1] == ' ') && line[i] == '-' && line[i+1] == '-' && line[i+2] == ' ' {
			return uint32(i + 3)
		}
	}
	return uint32(len(line))
}
