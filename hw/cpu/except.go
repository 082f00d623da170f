package cpu

import "resvirt/models"

// raise makes the current instruction fault with a vector that has no error code.
func (c *CPU) raise(vector uint8) { c.exc = exception{pending: true, vector: vector} }

// raiseErr makes the current instruction fault with a vector and its error code.
func (c *CPU) raiseErr(vector uint8, err uint32) {
	c.exc = exception{pending: true, vector: vector, hasErr: true, err: err}
}

// eventKind is the kind of an event (APM vol. 2, 8.1).
type eventKind uint8

const (
	eventFault    eventKind = iota // the instruction at ret will be run again
	eventTrap                      // the instruction before ret is done
	eventSoft                      // INT n, INT3, INTO: a trap that gates may forbid
	eventExternal                  // interrupt or NMI
	eventBreak                     // a fault that does not change RF: a breakpoint on the instruction at ret
)

// event is an exception or interrupt that goes through the interrupt descriptor
// table.
type event struct {
	kind   eventKind
	vector uint8
	hasErr bool
	err    uint32
	ret    uint64 // pushed instruction pointer
}

// ext is the EXT bit of error codes caused while delivering e.
func (e *event) ext() uint32 {
	if e.kind == eventSoft {
		return 0
	}
	return 1
}

// gateErr is the error code that names the event's gate (APM vol. 2, 8.4.1).
func (e *event) gateErr() uint32 { return uint32(e.vector)<<3 | 2 | e.ext() }

// deliverException delivers what the current instruction raised. RIP is still
// that instruction's, except for traps.
func (c *CPU) deliverException() {
	x := c.exc
	c.HeldDebug = 0 // lost when the instruction after a load of SS faults
	c.charge(models.Exception)
	if x.vector == VecDB {
		c.enterDebug()
	}
	c.deliver(event{kind: x.kind, vector: x.vector, hasErr: x.hasErr, err: x.err, ret: c.RIP})
}

// deliver brings e to its handler. An exception on the way replaces e or makes
// it a double fault; an exception during the delivery of a double fault shuts
// the processor down.
func (c *CPU) deliver(e event) {
	for {
		c.exc.pending = false
		if c.enterHandler(&e) {
			c.Wake() // HLT may have been stepped
			if c.hits&DR6BT == 0 {
				return
			}
			c.raiseDebug(eventTrap, c.hits) // of a task just entered
			c.hits = 0
			e = event{kind: eventTrap, vector: VecDB, ret: c.RIP}
			continue
		}
		if c.Stop.Kind != StopNone {
			return
		}
		second := c.exc
		c.charge(models.Exception)
		next := event{kind: eventFault, vector: second.vector, hasErr: second.hasErr, err: second.err, ret: c.RIP}
		if e.kind != eventSoft && e.kind != eventExternal {
			if e.vector == VecDF {
				c.shutdown()
				return
			}
			if doubleFault(e.vector, next.vector) {
				next.vector, next.hasErr, next.err = VecDF, true, 0
			}
		}
		e = next
	}
}

// doubleFault tells whether second while delivering first makes a double fault
// (APM vol. 2, table 8-4).
func doubleFault(first, second uint8) bool {
	if first == VecPF {
		return second == VecPF || contributory(second)
	}
	return contributory(first) && contributory(second)
}

func contributory(vector uint8) bool {
	return vector == VecDE || vector >= VecTS && vector <= VecGP
}

// shutdown is the end of a triple fault (APM vol. 2, 8.2.9).
func (c *CPU) shutdown() {
	c.exc.pending = false
	c.Activity = Shutdown
	c.Stop = Stop{Kind: StopShutdown, PC: c.RIP, What: "triple fault"}
}

// DeliverPending delivers a waiting NMI, or else a waiting interrupt if
// interrupts are enabled, and tells whether it did. It wakes a halted processor.
func (c *CPU) DeliverPending() bool { return !c.IntShadow && c.deliverPending() }

// deliverNMI delivers an NMI and blocks further ones until IRET completes.
func (c *CPU) deliverNMI() {
	c.NMIBlocked = true
	c.deliverInterrupt(VecNMI)
}

// deliverInterrupt delivers an external interrupt.
func (c *CPU) deliverInterrupt(vector uint8) {
	c.charge(models.Interrupt)
	c.deliver(event{kind: eventExternal, vector: vector, ret: c.RIP})
}

// softInterrupt executes INT n and its like.
func (c *CPU) softInterrupt(vector uint8) {
	c.stepped = false // a task gate may load TF, but that is for the new task
	c.enterHandler(&event{kind: eventSoft, vector: vector, ret: c.next})
}
