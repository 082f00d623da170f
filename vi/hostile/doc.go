// Command hostile is the kernel of a VM that does what it likes: hypercalls
// with arguments at random, page tables of random entries, loads and stores
// anywhere, random instructions. Whatever becomes of it, the hypervisor and
// the VMs beside it must not notice.
//
// Each vCPU goes from round to round; a round is one thing done. Every exception
// and every event ends the round it strikes: there is one entry point, again,
// which drops the stack and begins the next. The first domain is the witness: it
// does nothing wrong, and says whether its memory and the hypervisor's
// invariants are as they should be. The command line's seed= and rounds= say what is done.
package main
