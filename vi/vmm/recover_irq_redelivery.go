package main

// Step irq_redelivery. A message interrupts once. If its handler was discarded, or the message
// came while the function's were off, nobody tells the guest, whose driver waits for what is
// done already. The same is true of a pin's interrupt that a guest has to end and was
// never told of. Drivers bear an interrupt too many: one that finds nothing to do.

// irqRedelivery tells each guest of all its devices.
func irqRedelivery() {
	if devices == nil || !begin(stepIRQRedelivery) {
		return
	}
	eachBound(func(d *Domain, _ uint32, p *pirq) {
		if !d.dying {
			d.tellPirq(p)
		}
	})
}
