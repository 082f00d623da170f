// Package testbed is the system that experiments boot: hypervisor, control domain
// and guests as images on the emulated machine. It builds them, tells faults where
// the hypervisor's registers, memory and code are, judges what the VMs printed, and
// looks into the hypervisor from outside (Anatomy). Looking changes nothing.
package testbed
