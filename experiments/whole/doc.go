// Package whole has those tests of campaigns on the whole system that need only
// exported names. They are a package of their own, which go test runs beside
// others.
package whole
