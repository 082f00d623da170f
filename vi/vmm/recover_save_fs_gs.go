package main

// Step save_fs_gs. The bases of FS and GS are saved when a vCPU is switched
// away, not at every entry. For the running vCPU the values in memory are from
// its last switch; the true values are in the CPU until the new instance loads
// a vCPU.

// saveFSGS saves the segment bases of the vCPU whose registers are loaded.
func saveFSGS(c *CPU) {
	v := c.loaded
	if v != nil && vcpuOK(v) && begin(stepSaveFSGS) {
		saveBases(v)
		saveSelectors(v)
	}
}
