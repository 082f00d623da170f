// Command hostile is the kernel of a VM that does what it likes: hypercalls
// with arguments at random, page tables of random entries, loads and stores
// anywhere, random instructions. Whatever happens to it, the hypervisor and the
// VMs beside it must not be affected.
//
// Each vCPU does one thing in each round. Every exception and every event ends the current
// round: there is one entry point, called again, which drops the stack and begins the next
// round. The first domain is the witness: it does nothing wrong, and says whether its
// memory and the hypervisor's invariants are as they should be. The command line's seed=
// and rounds= determine what is done.
package main
