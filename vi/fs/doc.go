// Package fs is a small file system that survives a crash at any moment: after it, the
// disk holds what it held at the last Sync that ended, or at the one that was under way.
//
// Blocks have 4 KiB. The first tableBlocks*2 blocks are two places for the table of files,
// which is all there is besides data: a Sync writes data first, flushes the disk, writes
// the table with a higher generation into the place of the older one, and flushes again. A
// block that the table on the disk refers to is not written before the next table is there
// that does not (copy on write). So the newer table whose checksum holds is always whole.
//
// There is one directory. The host reads such a disk with the same code.
package fs
