package guest

// worker is the second vCPU's thread.
func worker() {
	for {
		pause()
	}
}
