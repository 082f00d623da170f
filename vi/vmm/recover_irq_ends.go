package main

// Step irq_ends. A pin is masked from its interrupt until the guest, or each guest, has
// told the end. If the handler was discarded after it masked the pin, and before it noted who
// has to tell, or the end was discarded after that note was cleared, the pin stays masked and
// nobody unmasks it: its devices are never heard again.

// irqEnds lets through each pin that no guest has to end.
func irqEnds() {
	if devices == nil || !begin(stepIRQEnds) {
		return
	}
	eachBound(func(d *Domain, _ uint32, p *pirq) {
		if p.vector != 0 && p.kind == pirqGSI {
			d.openSource(p)
		}
	})
}
