// Package back is what the back ends of paravirtual devices do with requests, apart
// from any hardware: blocks (Block), network (Net) and the bridge between networks,
// disks cut into volumes (Volumes). Front ends are not trusted: whatever stands in a
// ring is copied once and checked, and a ring that cannot be is given up.
//
// A back end answers block requests in the order of the ring. So every request that
// has no response still stands in the ring whole, and another instance of the back
// end can attach to the ring and do it again: nothing else need be remembered.
package back
