package main

// Step verify. The invariants are checked before any VM resumes. What is still
// inconsistent is a failure of recovery, which begins again, with a microreboot
// where that is allowed, while the VMs are not harmed yet.

func verify() {
	if begin(stepVerify) {
		assert(checkAll() == 0)
	}
}
