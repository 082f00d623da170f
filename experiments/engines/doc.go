// Package engines holds the tests that the machine's two engines give the whole
// system, and faults in it, one result. The plain engine takes its time, so they
// are a package of their own, which go test runs beside others.
package engines
