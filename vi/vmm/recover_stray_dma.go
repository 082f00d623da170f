package main

// Step stray_dma. Devices write into memory while the VMM recovers, as their drivers told
// them: into frames of the domain that has them, which is no harm. But if recovery does not
// find that domain, its frames are going to be freed, and given to others into whose memory
// the device would then write.

// strayDMA silences functions whose domain is lost.
func strayDMA() {
	if devices == nil || !begin(stepStrayDMA) {
		return
	}
	for i := uint32(0); i < devices.n && i < maxFunctions; i++ {
		if f := &devices.functions[i]; f.owner != 0 && domainOfFrame(f.owner) == nil {
			f.silence()
		}
	}
}
