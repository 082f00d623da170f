//go:build without_patrol

package main

// framesPatrolled: each CPU looks at some of the frame table in each tick
// (patrol.go). A VMM built without patrol is there to measure its cost.
const framesPatrolled = false
