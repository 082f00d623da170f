// Package whole holds the tests of campaigns on the whole system that need
// nothing but what experiments exports: a package of their own, which go test
// runs beside others.
package whole
