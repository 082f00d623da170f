package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// What a hostile guest does with FIFO event channels: it places control blocks and
// event words anywhere, also twice in one frame and in page tables; it writes anything
// into words and heads; and it makes page tables of the frames, before, while and
// after they are used.

// fifoPagesOf are the pages at pageVA that the guest uses most for this.
var fifoPagesOf = [...]int{5, 7, 9}

// queues does one thing with event channels.
func (h *hostile) queues() {
	page := fifoPagesOf[h.IntN(len(fifoPagesOf))]
	m := uint64(h.frames[4+page])
	if h.IntN(10) == 0 {
		m = h.root()
	}
	d := current().domain
	port, was := 1+h.Uint64N(12), d.usesFIFO()
	switch h.IntN(10) {
	case 0:
		offset := h.Uint64N(513) * 8
		if h.IntN(4) == 0 {
			offset = pageSize - h.Uint64N(100)
		}
		h.events(abi.EvtchnopInitControl, m, offset|h.Uint64N(3)<<32, 0)
	case 1:
		h.events(abi.EvtchnopExpandArray, m)
	case 2:
		h.events(abi.EvtchnopSetPriority, port|h.Uint64N(17)<<32)
	case 3:
		h.events(abi.EvtchnopBindIPI, h.Uint64N(3))
	case 4:
		h.events(abi.EvtchnopClose, port)
		if h.IntN(10) == 0 {
			h.events(abi.EvtchnopReset, abi.DomidSelf)
		}
	case 5:
		h.scribble(page)
	case 6:
		h.eventTable(page, port)
	default:
		h.events(abi.EvtchnopUnmask, port)
		h.events(abi.EvtchnopSend, port)
	}
	if f := d.fifo; f != nil {
		for _, last := range f.tails {
			if last != 0 {
				h.made.queued++
				break
			}
		}
	}
	if d.usesFIFO() != was {
		h.made.switches++
	}
}

// events is an event_channel_op.
func (h *hostile) events(cmd uint64, words ...uint64) {
	h.enter(abi.HypercallEventChannelOp, [5]uint64{cmd, h.words(0, words...)})
}

// scribble writes event words or heads of its own.
func (h *hostile) scribble(page int) {
	from := h.IntN(1000)
	for i := range h.IntN(24) {
		w := h.Uint32N(20) | h.Uint32N(16)<<28
		if h.IntN(4) == 0 {
			w = h.Uint32()
		}
		toGuest(uint64(pageVA+page<<12+(from+i)*4), unsafe.Pointer(&w), 4)
	}
}

// eventTable makes a page table of a page that may be one of event words, or have a
// control block in it, and lets the hypervisor write there.
func (h *hostile) eventTable(page int, port uint64) {
	at, m := uint64(pageVA+page<<12), h.frames[4+page]
	zero := uint64(0)
	for i := range uint64(512) {
		toGuest(at+8*i, unsafe.Pointer(&zero), 8)
	}
	h.enter(abi.HypercallUpdateVAMapping, [5]uint64{at, entryTo(m, pteU)})
	if pageOf(m).typ == ptWritable|ptValidated|1 {
		h.made.tables++
	}
	h.enter(abi.HypercallMMUExtOp, [5]uint64{h.words(0, uint64(abi.MMUExtPinL1+h.IntN(4)), uint64(m)), 1, 0, abi.DomidSelf})
	h.events(abi.EvtchnopUnmask, port)
	h.events(abi.EvtchnopSend, port)
	h.enter(abi.HypercallMMUExtOp, [5]uint64{h.words(0, abi.MMUExtUnpin, uint64(m)), 1, 0, abi.DomidSelf})
	h.enter(abi.HypercallUpdateVAMapping, [5]uint64{at, entryTo(m, pteW|pteU)})
}
