//go:build without_journal

package main

// framesJournalled: changes of frames are written down (journal.go). A VMM built
// without the journal is there to measure what it costs.
const framesJournalled = false
