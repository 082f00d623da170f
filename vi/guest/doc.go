// Package guest is the paravirtual kernel that the guests share: a small Unix
// on Xen's PV interface, in Go without a runtime.
//
// One vCPU runs processes, each in an address space of its own; the kernel is
// not preempted (events are masked while it runs) and a process that must wait
// switches to the next from its own kernel stack, as in xv6. Page tables are
// built in writable memory, then made read-only and pinned, and changed only
// by hypercalls from there on. Processes share pages copy-on-write; program
// pages are those of the initrd until written.
//
// Memory map of the kernel half (one L2 table, the top 2 GiB):
//
//	virtBase + pfn<<12      direct map: image, initrd, P2M, page tables, free pages
//	window  = virtBase+256M 64 KiB aligned blocks: a g, the FPU state of user
//	                        mode and a kernel stack each; then granted pages, the
//	                        grant table and shared_info
//
// and of the user half (one L2 table, below 1 GiB):
//
//	0x400000  program, then the heap (brk)
//	userMap   mmap, upwards
//	userStack the stack's end
//
// Only processor 0 touches processes. A second vCPU, where there is one, serves
// requests by event channel (worker.go).
package guest
