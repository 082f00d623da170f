package main

// The log of hypercall_retry: how much of the hypercall under way a vCPU has
// done, so that what is issued again does not do it twice. Multicalls count
// entries, lists of requests count requests, console output bytes. Both counts
// are in one word, so that they never disagree. The same word says whether the
// rest of a preempted entry is being written into the list, because an entry
// half written would ask for something else. Plain stores are enough, as in
// note.go.
type progress struct {
	nr     uint64 // the hypercall's, or system call's, number
	done   uint64 // entries of a multicall << 32 | parts of the one under way
	resume uint64 // for a hypercall that is issued again: the value of done from before recovery
	again  bool   // the part under way may have been done before
	page   mfn    // the frame that memory_op is giving to the domain
	pfn    uint64 // the number that the frame gets there
	line   uint64 // byte of console output << 32 | length of the line before it
	grant  uint32 // 1 + handle of the mapping of a granted frame under way, 0 = none
	undo   uint64 // what an operation noted before it changed something, 0 = nothing
}

// rewriting stands in place of the parts while the entry is written.
const rewriting = 1 << 31

// start begins the log of a hypercall. If the hypercall is issued again, its
// work from before stays logged as done, also if the VMM fails once more before
// the hypercall continues.
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

// part logs that n parts are done.
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

// entry logs that n entries are done.
func (p *progress) entry(n uint64) { p.upTo(n << 32) }

// rewrite logs that n entries are done, and that the rest of the next entry is
// being written into the list until rewritten is called.
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

// halfWritten says whether the VMM failed between rewrite and rewritten: then
// the multicall that is issued again has to write the entry once more.
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
