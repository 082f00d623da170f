// Package main is the hypervisor: a freestanding image that runs 64-bit
// paravirtual guests through Xen's public interface (package abi).
//
// No Go runtime is behind it: no allocation, no maps, channels, goroutines or
// defer, and package variables hold only what the linker can lay down.
//
// What lives where decides what a microreboot keeps (roots.go). Domains, vCPUs,
// event channels, the frame table and the machine-to-physical table lie in heap
// pages and survive. Static data holds locks, the heads of lists and of the heap,
// and each CPU's block holds its run queue, timers, soft interrupts and the name of
// the vCPU that it runs.
//
// # Where to begin
//
// Read percpu.go and this.go (what a CPU has, and how code knows which CPU it runs
// on), then one hypercall from end to end: entry_amd64.s, hypercall.go, schedop.go,
// sched.go, switch.go, and returnToGuest in entry_amd64.s again. Then frame.go, of
// which most of recovery is about, and for recovery docs/recovery.md, steps.go and
// recover.go.
//
// # Words
//
// A frame is a page frame: 4 KiB of RAM with a number (mfn) and a descriptor (page).
// The registers that an entry saves are called regs, and never frame, but for the
// step guest_frame, whose name is older. Frames of Go's stack are called stack
// frames. A guest that is entered at a handler finds the old state on its own stack:
// that is a bounce.
//
// A thread is what a CPU executes in the VMM from an entry to the return to a guest
// or to idling; recovery discards all of them. The failed instance is the VMM up to
// the failure, the new instance what a microreboot boots.
//
// # Map
//
// The machine: bits.go hw.go lock.go copy_amd64.s, apic.go ipi.go irq.go,
// desc.go descriptor.go, cpuid.go, rawcons.go.
//
// Start: boot.go params.go paging.go layout.go coreinit.go core.go smp.go
// pristine.go persist.go; the first domains: build.go elf.go.
//
// Entries and the way back: entry_amd64.s entry.go percpu.go this.go trap.go
// softirq.go switch.go bounce.go load.go load_amd64.s.
//
// Hypercalls: hypercall.go multicall.go; by subject: schedop.go vcpuop.go
// guestregs.go physdev.go version.go sysctl.go control.go domctl*.go context.go
// selfcheck.go.
//
// Domains and vCPUs: domain.go vcpu.go vcpuarea.go pause.go sched.go; their end:
// destroy.go reap.go.
//
// Memory: frame.go heap.go heappages.go held.go memory.go memmap.go flush.go; page
// tables: pagetable.go mmu.go mmuext.go; grants: grant*.go.
//
// What a guest cannot execute itself: guesttrap.go guestfault.go insn.go
// privileged.go ptwr.go guestmsr.go guestnmi.go guestdump.go debugreg.go; its
// descriptors: gdt.go ldt.go selectors.go.
//
// Devices: pci.go pciguest.go pcireset.go msi.go ioapic.go ioaccess.go pirq.go irqroute.go
// physdev_irq.go domctl_device.go; the IOMMU: iommu.go ivrs.go dma.go iommuevent.go.
//
// Events: evtchn*.go. Time: clock.go timer.go wallclock.go. A guest's watchdog:
// domainwatchdog.go. Console: console.go
// conring.go ring.go.
//
// Detection: panic.go watchdog.go invariants.go; nearer to the fault: doubt*.go
// patrol.go appeal.go; what keeps long work from looking like a hang: working.go.
//
// What the normal way writes down for recovery: roots.go journal.go (frames),
// note.go (registers), progress.go (hypercalls).
//
// Recovery: steps.go recover.go recover_ways_in.go recover_amd64.s descwalk.go, and
// a file for each step: recover_*.go.
//
// Built with and without: with_*.go without_*.go.
package main
