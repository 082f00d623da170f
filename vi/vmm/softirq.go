package main

import "sync/atomic"

// Soft interrupts: work that interrupt handlers leave to be done with
// interrupts on, on the way back to a guest or in the idle loop.
const (
	softTimer = iota
	softCalibrate
	softStop
	softSchedule
	softReap // after schedule, so that no vCPU of a dead domain is current
)

// softPending says whether this CPU has work.
func softPending() bool { return atomic.LoadUint64(&this().core.softirq) != 0 }

// raiseSoft leaves work for this CPU.
func raiseSoft(nr uint) { testAndSet(&this().core.softirq, nr) }

// raiseSoftOn leaves work for any CPU and interrupts it if need be.
func raiseSoftOn(cpu uint32, nr uint) {
	c := cpuByID(cpu)
	if !testAndSet(&c.core.softirq, nr) && c != this() {
		sendEventCheck(cpu)
	}
}

// doSoft does all pending work of this CPU. schedule may not return.
func doSoft() {
	c := this()
	assert(c.core.irqCount == 0)
	for {
		pending := atomic.LoadUint64(&c.core.softirq)
		switch {
		case pending&(1<<softTimer) != 0:
			testAndClear(&c.core.softirq, softTimer)
			timerSoft()
		case pending&(1<<softCalibrate) != 0:
			testAndClear(&c.core.softirq, softCalibrate)
			calibrateSoft()
		case pending&(1<<softStop) != 0:
			testAndClear(&c.core.softirq, softStop)
			stopSoft()
		case pending&(1<<softSchedule) != 0:
			testAndClear(&c.core.softirq, softSchedule)
			schedule()
		case pending&(1<<softReap) != 0:
			testAndClear(&c.core.softirq, softReap)
			reapDomains()
			commit()
		default:
			assert(pending == 0)
			return
		}
	}
}

// inIRQ says whether this CPU is handling an interrupt.
func inIRQ() bool { return this().core.irqCount != 0 }
