package main

// Step clear_irq_count. A CPU counts the interrupts that it is handling, and
// code that must not run inside a handler asserts that the count is zero. A
// discarded handler does not count down; the interrupt that stops a CPU for
// recovery is one of these. A new instance begins with zero.

func clearIRQCount(c *CPU) {
	if begin(stepClearIRQCount) {
		c.core.irqCount = 0
	}
}
