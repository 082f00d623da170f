package abi

// The FIFO-based interface of event channels (event_channel.h): an event is a
// word of 32 bits in an array that the guest provides, page by page; the words of
// events that are pending form a queue for each vCPU and priority, linked by port,
// whose head stands in the vCPU's control block.

// event_channel_op commands.
const (
	EvtchnopInitControl = 11
	EvtchnopExpandArray = 12
	EvtchnopSetPriority = 13
)

// Bits of an event word; the low ones are the port of the next event in the queue.
const (
	EvtchnFIFOPending = 1 << 31
	EvtchnFIFOMasked  = 1 << 30
	EvtchnFIFOLinked  = 1 << 29 // it is in a queue
	EvtchnFIFOBusy    = 1 << 28 // the hypervisor sets the link: the guest must not unmask

	EvtchnFIFOLinkBits   = 17
	EvtchnFIFOLinkMask   = 1<<EvtchnFIFOLinkBits - 1
	EvtchnFIFONrChannels = 1 << EvtchnFIFOLinkBits
)

// Priorities, from the highest to the lowest.
const (
	EvtchnFIFOPriorityMax     = 0
	EvtchnFIFOPriorityDefault = 7
	EvtchnFIFOPriorityMin     = 15
	EvtchnFIFOMaxQueues       = EvtchnFIFOPriorityMin + 1
)

// EvtchnFIFOControlBlock is evtchn_fifo_control_block.
type EvtchnFIFOControlBlock struct {
	Ready uint32 // priorities whose queue has got a new head
	_     uint32
	Head  [EvtchnFIFOMaxQueues]uint32
}

// EvtchnInitControl is evtchn_init_control; LinkBits is out.
type EvtchnInitControl struct {
	ControlGFN   uint64
	Offset, Vcpu uint32
	LinkBits     uint8
	_            [7]uint8
}

// EvtchnExpandArray is evtchn_expand_array.
type EvtchnExpandArray struct{ ArrayGFN uint64 }

// EvtchnSetPriority is evtchn_set_priority.
type EvtchnSetPriority struct{ Port, Priority uint32 }
