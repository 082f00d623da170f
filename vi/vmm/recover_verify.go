package main

// Step verify. The invariants are checked before any VM resumes, except those of
// frames, whose check would take the longer the more memory there is. If one does not
// hold, recovery has failed and begins again, with a microreboot if that is allowed.
// At that time no VM has been harmed.

func verify() {
	if begin(stepVerify) {
		assert(complain(checkQuick()) == 0)
	}
}
