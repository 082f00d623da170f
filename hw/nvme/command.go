package nvme

import "encoding/binary"

// Status codes with their type in bits 10:8 (4.6.1).
const (
	success          = 0x000
	invalidOpcode    = 0x001
	invalidField     = 0x002
	transferError    = 0x004
	aborted          = 0x007
	deletedQueue     = 0x008
	invalidNamespace = 0x00b
	commandSequence  = 0x00c
	badPRPOffset     = 0x013
	lbaOutOfRange    = 0x080

	badCQ          = 0x100
	badQueueID     = 0x101
	badQueueSize   = 0x102
	tooManyAERs    = 0x105
	badVector      = 0x108
	badLogPage     = 0x109
	badDeletion    = 0x10c
	notSaveable    = 0x10d
	compareFailure = 0x285

	doNotRetry = 1 << 14
)

// Opcodes (figures 140 and 346).
const (
	adminDeleteSQ = 0x00
	adminCreateSQ = 0x01
	adminLog      = 0x02
	adminDeleteCQ = 0x04
	adminCreateCQ = 0x05
	adminIdentify = 0x06
	adminAbort    = 0x08
	adminSet      = 0x09
	adminGet      = 0x0a
	adminAsync    = 0x0c

	ioFlush   = 0x00
	ioWrite   = 0x01
	ioRead    = 0x02
	ioCompare = 0x05
	ioZeroes  = 0x08
	ioDataset = 0x09
)

// everyNamespace addresses all namespaces at once.
const everyNamespace = 0xffffffff

func (c *Command) id() uint16   { return binary.LittleEndian.Uint16(c.Raw[2:]) }
func (c *Command) nsid() uint32 { return binary.LittleEndian.Uint32(c.Raw[4:]) }

// dword is command dword n, 10 to 15.
func (c *Command) dword(n int) uint32 { return binary.LittleEndian.Uint32(c.Raw[4*n:]) }

func (c *Command) prp(n int) uint64 { return binary.LittleEndian.Uint64(c.Raw[24+8*(n-1):]) }

func (c *Command) lba() uint64 { return binary.LittleEndian.Uint64(c.Raw[40:]) }

// blocks is the number of blocks of a command that has a range of them.
func (c *Command) blocks() uint64 { return uint64(c.dword(12)&0xffff) + 1 }
