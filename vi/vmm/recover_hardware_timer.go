package main

// Step hardware_timer. The interrupt of the one-shot timer only raises a soft
// interrupt. At its end the soft interrupt arms the timer for the next event.
// If either is discarded the CPU never gets a timer interrupt again. A new
// instance always starts its timers.

// hardwareTimer lets the calling CPU set its timer, and look for something to run, as
// soon as it is out of recovery.
func hardwareTimer() {
	if !resetting() || begin(stepHardwareTimer) {
		raiseSoft(softTimer)
	}
	if !resetting() || allowed(stepSchedMetadata) {
		raiseSoft(softSchedule)
	}
}
