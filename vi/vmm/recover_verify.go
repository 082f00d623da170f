package main

// Step verify. The invariants are checked before any VM resumes, but for those of
// frames, whose check would take the longer the more memory there is. If one does not
// hold, recovery has failed and begins again, with a microreboot where that is
// allowed, while the VMs are not harmed yet.

func verify() {
	if begin(stepVerify) {
		assert(complain(checkQuick()) == 0)
	}
}
