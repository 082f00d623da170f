// Package gdb lets the GNU debugger look at machines, by gdb's remote serial protocol
// (gdb's manual, appendix "Remote Protocol"). It knows nothing of what is debugged but
// its Target: a recording, which goes both ways and cannot be changed, or a machine that
// runs, which goes forwards.
//
// packet.go frames packets; server.go takes connections; session.go answers packets;
// registers.go and features.go describe processors; memory.go, points.go and resume.go
// are what its name says; recording.go and live.go are the targets.
package gdb
