package main

// The log of hypercall_retry: how much of the hypercall under way a vCPU has
// done, so that what is issued again does not do it twice. Multicalls count
// entries, lists of requests count requests, console output bytes. Both counts
// are in one word, so that they never disagree, and with them that the rest of a
// preempted entry is being written into the list: a list half written would ask
// for something else. As in note.go, plain stores do.
type progress struct {
	nr     uint64 // the hypercall's, or system call's, number
	done   uint64 // entries of a multicall << 32 | parts of the one under way
	resume uint64 // as done, for a hypercall that is issued again
	again  bool   // the part under way may have been done before
	page   mfn    // the frame that memory_op is giving to the domain
	pfn    uint64 // the number that the frame gets there
	line   uint64 // byte of console output << 32 | length of the line before it
	grant  uint32 // 1 + handle of the mapping of a granted frame under way, 0 = none
	undo   uint64 // what an operation noted before it changed something, 0 = nothing
}

// rewriting stands in place of the parts while the entry is written.
const rewriting = 1 << 31

// start begins the log of a hypercall. What was done of one that is issued again
// stays done if it fails again before it gets on.
func (p *progress) start(nr uint64) {
	if !callsLogged {
		return
	}
	if !p.again {
		p.undo, p.grant = 0, 0
	}
	p.nr, p.done = nr, p.resume
}

// parts is how many parts of the hypercall under way were done before.
func (p *progress) parts() uint64 {
	if !callsLogged {
		return 0
	}
	n := p.resume & 0xffffffff
	p.resume = 0
	return n
}

// part logs that so many parts are done.
func (p *progress) part(n uint64) {
	if !callsLogged {
		commit()
		return
	}
	p.again = false
	commit()
	p.done = p.done&^0xffffffff | n
}

// entries is how many entries of the multicall under way were done before.
func (p *progress) entries() uint64 {
	if !callsLogged {
		return 0
	}
	return p.resume >> 32
}

// entry logs that so many entries are done.
func (p *progress) entry(n uint64) { p.upTo(n << 32) }

// rewrite logs that so many entries are done and what is left of the next one is
// about to be written into the list, until rewritten is called.
func (p *progress) rewrite(n uint64) { p.upTo(n<<32 | rewriting) }

func (p *progress) upTo(done uint64) {
	if !callsLogged {
		commit()
		return
	}
	p.again, p.undo = false, 0
	commit()
	p.done = done
}

// halfWritten says whether the entry of a multicall that is issued again has to
// be written first.
func (p *progress) halfWritten() bool { return callsLogged && p.resume&rewriting != 0 }

// rewritten ends what rewrite began.
func (p *progress) rewritten() {
	if callsLogged {
		p.done &^= rewriting
		p.resume &^= rewriting
	}
}

// end ends the log of a hypercall that is complete.
func (p *progress) end() {
	if callsLogged {
		p.resume, p.again = 0, false
	}
}
