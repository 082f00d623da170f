//go:build !without_call_log

package main

// callsLogged: the state of guests and the progress of calls are logged (note.go,
// progress.go). A VMM built without the log is there to measure what it costs.
const callsLogged = true
