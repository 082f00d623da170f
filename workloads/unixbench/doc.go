// Command unixbench is the workload of an application VM: a ring-3 program in
// Go without a runtime that exercises processes, virtual memory, pipes and
// system calls, in the spirit of the UnixBench suite, and checks every result.
//
// Each test prints its name and a checksum of all it computed and all that
// came back from the kernel; the last line is the checksum of all. Process
// numbers, times and the order in which processes run are in none of them, so
// that output depends on the arguments alone. A system call that fails where
// it must not prints a line that begins with "error".
//
// Arguments: the mode (run, probe, or one of the programs that the tests
// execute), then words of which length=N sets the length of a run.
package main
