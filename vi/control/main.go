// Command control is the kernel of the control domain: it builds the application
// VMs through domctl and foreign mappings, as a toolstack does, serves their
// consoles, and destroys them when they have shut down. It makes one more VM
// late, when all others but one have ended.
package main

import (
	"resvirt/vi/abi"
	"resvirt/vi/guest"
	"resvirt/vi/seam"
)

// Implemented in entry_amd64.s.

func entry()
func failed()

// config holds the options of the command line.
var config struct {
	domains int    // VMs to begin with
	late    int    // VMs made later
	pages   uint64 // of each VM
	cpus    uint64 // number of CPUs that they share, beginning with the first
	line    []byte // their command line
}

// kmain is the kernel's first Go function, on the boot block.
func kmain(si *abi.StartInfo) {
	guest.Prefix = "(" + seam.ControlVM + seam.VMClose
	guest.Start(si)
	guest.InitForeign()
	configure()
	guest.Must("VIRQ_DOM_EXC", guest.BindVirq(abi.VirqDomExc))
	guest.Print(seam.ControlStart + "\n")
	for range guest.Option("cycles=") {
		cycle()
	}
	for i := range config.domains {
		create(i)
	}
	for i := range config.domains {
		domains[i].run()
	}
	for made := config.domains; ; {
		ended := serveAll()
		if made == config.domains && config.late > 0 && ended >= max(config.domains-1, 1) {
			guest.Print(seam.ControlLate + "\n")
			for range config.late {
				create(made)
				domains[made].run()
				made++
			}
			continue
		}
		if ended == made {
			break
		}
		guest.WaitEvent()
	}
	guest.Check()
	guest.Print(seam.ControlEnd + "\n")
	guest.Shutdown(abi.ShutdownPoweroff)
}

// configure reads the command line: the hypervisor's options, and behind the
// word "--" the VMs' command line.
func configure() {
	config.domains = int(min(guest.Option("domains="), maxDomains))
	config.late = int(min(guest.Option("late="), uint64(maxDomains-config.domains)))
	config.pages = guest.Option("dom_mb=") << 20 >> pageShift
	config.cpus = processors()
	if n := guest.Option("dom_cpus="); n != 0 {
		config.cpus = min(config.cpus, n)
	}
	line := guest.CommandLine()
	for i := range line {
		if i+4 <= len(line) && string(line[i:i+4]) == " -- " {
			config.line = line[i+4:]
			break
		}
	}
}

// processors asks how many CPUs there are.
func processors() uint64 {
	op := abi.Sysctl{Cmd: abi.SysctlPhysInfo}
	guest.Must("physinfo", guest.Sysctl(&op))
	return op.U[1] & 0xffffffff // nr_cpus
}

// fail is called by failed (entry_amd64.s) with what lay on its stack.
func fail(kind, pc uint64) { guest.Failed(kind, pc) }

func main() {}
