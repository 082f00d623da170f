package main

// Step clear_irq_count. A CPU counts the interrupts that it is handling, and
// what must not run inside one asserts that there are none. The handler that
// was discarded does not count down, and the interrupt that stops a CPU for
// recovery is itself such a handler. A new instance counts from zero.

func clearIRQCount(c *CPU) {
	if begin(stepClearIRQCount) {
		c.core.irqCount = 0
	}
}
