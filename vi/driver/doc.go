// Package driver drives the devices that a machine has, from whatever kernel they were
// assigned to: a disk behind NVM Express (NVMe) and a network interface of type 82540EM
// (E1000). A driver asks its kernel for memory that the device can reach, for the time,
// and for nothing else; interrupts only say that it is worth a look.
package driver
