// Package engines holds the test that faults come out alike on both of the
// machine's engines. The plain engine takes its time, so it is a package of its
// own, which go test runs beside others.
package engines
