//go:build without_patrol

package main

// framesPatrolled: each CPU looks at some of the frame table in each tick
// (patrol.go). A VMM built without is there to measure what it costs.
const framesPatrolled = false
