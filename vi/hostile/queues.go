package main

import "resvirt/vi/abi"

// Attacks with FIFO event channels: control blocks and event words in any page,
// any content of words and heads, and page tables made of these pages.

// eventWords is the page that this VM uses for event words, 0 if there is none.
var eventWords uint64

// events is an event_channel_op.
func (r dice) events(cmd uint64, words ...uint64) int64 {
	return hypercall(abi.HypercallEventChannelOp, cmd, r.words(words...), 0, 0, 0)
}

// queues does one thing with event channels.
func (r dice) queues() {
	at := arena + r.page()*pageSize
	port := 1 + r.n(12)
	switch r.n(12) {
	case 0, 1:
		r.switchOver(at)
	case 2:
		r.events(abi.EvtchnopInitControl, r.frame(), r.n(4200)|r.n(3)<<32, 0)
	case 3:
		r.events(abi.EvtchnopExpandArray, r.frame())
	case 4:
		r.events(abi.EvtchnopSetPriority, port|r.n(17)<<32)
	case 5:
		r.events(abi.EvtchnopBindIPI, r.n(vcpus+1), 0)
	case 6:
		r.events(abi.EvtchnopClose, port)
		if r.one(8) {
			r.events(abi.EvtchnopReset, abi.DomidSelf)
		}
	case 7:
		r.scribble(at)
	case 8:
		r.eventTable(port)
	default:
		r.events(abi.EvtchnopUnmask, port)
		r.events(abi.EvtchnopSend, port)
	}
}

// switchOver switches to the FIFO interface properly, with all events unmasked.
func (r dice) switchOver(words uint64) {
	if r.one(2) {
		r.events(abi.EvtchnopReset, abi.DomidSelf)
	}
	control := frameOf(arena + r.page()*pageSize)
	for v := range uint64(vcpus) {
		r.events(abi.EvtchnopInitControl, control, r.n(500)*8|v<<32, 0)
	}
	for i := range uint64(pageSize / 8) {
		store(words+i*8, 0)
	}
	if r.events(abi.EvtchnopExpandArray, frameOf(words)) == 0 {
		eventWords = words
		r.events(abi.EvtchnopBindVirq, abi.VirqTimer|uint64(me())<<32, 0)
	}
}

// takeEvents takes the events out of all queues, without handling them, so that the
// next event comes.
func (r dice) takeEvents() {
	if eventWords != 0 && r.one(4) {
		for i := range uint64(16) {
			store(eventWords+i*8, 0)
		}
	}
}

// beforeSleep mostly goes back to the two-level interface, and sets a timer that
// wakes us.
func (r dice) beforeSleep() {
	if eventWords != 0 && !r.one(8) {
		eventWords = 0
		r.events(abi.EvtchnopReset, abi.DomidSelf)
		wakeMe()
	}
}

// scribble writes event words or heads of its own.
func (r dice) scribble(at uint64) {
	if eventWords != 0 && r.one(2) {
		at = eventWords
	}
	at += r.n(500) * 8
	for i := range r.n(12) {
		store(at+i*8, r.n(20)|r.n(16)<<28|(r.n(20)|r.n(16)<<28)<<32)
	}
}

// eventTable makes a page table of a page that holds event words or a control block,
// and lets the hypervisor write there.
func (r dice) eventTable(port uint64) {
	at := arena + r.page()*pageSize
	if eventWords != 0 && r.one(2) {
		at = eventWords
	}
	frame := frameOf(at)
	for i := range uint64(pageSize / 8) {
		store(at+i*8, 0)
	}
	hypercall(abi.HypercallUpdateVAMapping, at, frame<<12|0x65, abi.UVMFInvlpg|abi.UVMFAll, 0, 0)
	hypercall(abi.HypercallMMUExtOp, r.words(r.n(4), frame, 0), 1, 0, abi.DomidSelf, 0)
	r.events(abi.EvtchnopUnmask, port)
	r.events(abi.EvtchnopSend, port)
	hypercall(abi.HypercallMMUExtOp, r.words(abi.MMUExtUnpin, frame, 0), 1, 0, abi.DomidSelf, 0)
	hypercall(abi.HypercallUpdateVAMapping, at, frame<<12|0x67, abi.UVMFInvlpg|abi.UVMFAll, 0, 0)
}
