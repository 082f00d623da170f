// Package engines has the test that faults have the same outcome on both of the
// machine's engines. The plain engine is slow, so the test is a package of its
// own, which go test runs beside others.
package engines
