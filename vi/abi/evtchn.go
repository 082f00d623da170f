package abi

// event_channel_op commands (event_channel.h).
const (
	EvtchnopBindInterdomain = 0
	EvtchnopBindVirq        = 1
	EvtchnopBindPirq        = 2
	EvtchnopClose           = 3
	EvtchnopSend            = 4
	EvtchnopStatus          = 5
	EvtchnopAllocUnbound    = 6
	EvtchnopBindIPI         = 7
	EvtchnopBindVcpu        = 8
	EvtchnopUnmask          = 9
	EvtchnopReset           = 10
)

// Virtual interrupts (xen.h).
const (
	VirqTimer   = 0
	VirqDebug   = 1
	VirqConsole = 2
	VirqDomExc  = 3
	NumVirqs    = 24
)

// EvtchnAllocUnbound is evtchn_alloc_unbound; Port is out.
type EvtchnAllocUnbound struct {
	Dom, RemoteDom uint16
	Port           uint32
}

// EvtchnBindInterdomain is evtchn_bind_interdomain; LocalPort is out.
type EvtchnBindInterdomain struct {
	RemoteDom  uint16
	_          uint16
	RemotePort uint32
	LocalPort  uint32
}

// EvtchnBindVirq is evtchn_bind_virq; Port is out.
type EvtchnBindVirq struct{ Virq, Vcpu, Port uint32 }

// EvtchnBindPirq is evtchn_bind_pirq; Port is out.
type EvtchnBindPirq struct{ Pirq, Flags, Port uint32 }

// BindPirqWillShare in EvtchnBindPirq.Flags: others may bind the interrupt, too.
const BindPirqWillShare = 1

// EvtchnBindIPI is evtchn_bind_ipi; Port is out.
type EvtchnBindIPI struct{ Vcpu, Port uint32 }

// EvtchnPort is evtchn_close, evtchn_send and evtchn_unmask.
type EvtchnPort struct{ Port uint32 }

// EvtchnBindVcpu is evtchn_bind_vcpu.
type EvtchnBindVcpu struct{ Port, Vcpu uint32 }

// EvtchnStatus is evtchn_status; Status and after are out. Dom and Port of
// the union are those of an interdomain channel; a VIRQ or PIRQ
// stands in U[0].
type EvtchnStatus struct {
	Dom    uint16
	_      uint16
	Port   uint32
	Status uint32
	Vcpu   uint32
	U      [2]uint32
}

// EvtchnReset is evtchn_reset.
type EvtchnReset struct{ Dom uint16 }

// EvtchnStatus.Status (event_channel.h).
const (
	EvtchnstatClosed      = 0
	EvtchnstatUnbound     = 1
	EvtchnstatInterdomain = 2
	EvtchnstatPirq        = 3
	EvtchnstatVirq        = 4
	EvtchnstatIPI         = 5
)
