package seam

// Numbers on which the image builder and the code in an image must agree.
const (
	// MaxCPUs is the number of blocks that the hypervisor's image has.
	MaxCPUs = 8

	// Block is the size and alignment of the block of a CPU, in the hypervisor, and of
	// a kernel's boot block. Masking the stack pointer finds it, and in it g.
	Block = 64 << 10

	// PersistPage is the page of the hypervisor's image, counted from its start, that
	// neither boot nor a microreboot writes.
	PersistPage = 7
)

// Offsets in that page of what the host reads and writes.
const (
	PersistPolicy  = 0
	PersistFailure = 8
	PersistProvoke = 56
)
