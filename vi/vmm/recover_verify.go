package main

// Step verify. The invariants, but for those of frames, whose check would take
// the longer the more memory there is, are checked before any VM resumes. What is still
// inconsistent is a failure of recovery, which begins again, with a microreboot
// where that is allowed, while the VMs are not harmed yet.

func verify() {
	if begin(stepVerify) {
		assert(complain(checkQuick()) == 0)
	}
}
