package bare

// Info describes the loaded image to itself. Addresses are virtual, as the
// image runs, unless said otherwise; ends are exclusive; all are multiples of
// the page size. The image is linear: physical = virtual - VirtBase + PhysBase.
type Info struct {
	VirtBase, PhysBase uint64 // first byte of the image
	TextStart, TextEnd uint64 // executable, read-only
	ROStart, ROEnd     uint64 // read-only data, relocated read-only data included
	DataStart, DataEnd uint64 // writable, bytes come from the image
	BSSEnd             uint64 // DataEnd to BSSEnd starts as zero
	PerCPU             uint64 // first of PerCPUs blocks of 64 KiB, aligned to 64 KiB, zero
	PerCPUs            uint64
	End                uint64 // end of the image in memory

	HypercallPage uint64 // guest kernels: page that the VMM fills
	BootRoot      uint64 // VMM: physical address of the boot page tables' root
	Trampoline    uint64 // VMM: real-mode start-up code for other processors
	TrampolineLen uint64
	Persist       uint64 // VMM: page that survives a microreboot; starts with the policy word
}

// Image is filled in by the image builder. It is initialized so that it lies
// in data, where there are bytes to fill in.
var Image = Info{VirtBase: 1}
